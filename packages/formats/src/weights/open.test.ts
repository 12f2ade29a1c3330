import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, type ElementType, elementArrays, viewElements } from '../element-types.js';
import { writeNpz } from '../numpy/write.js';
import { writeSafetensors } from '../safetensors/write.js';
import { failure } from '../testing/failure.js';
import { writeTorch } from '../torch/write.js';
import { castFloats, type FloatType } from './cast.js';
import type { FileTensor } from './file.js';
import { openWeights } from './open.js';

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)));
const singles = (...values: number[]): FileTensor => ({
  dtype: 'float32',
  shape: [values.length],
  data: Float32Array.from(values),
});

describe('openWeights', () => {
  it.each([
    ['python.safetensors', 'safetensors', 10],
    ['torch-zip.pth', 'pth', 22],
    ['torch-legacy.pth', 'pth', 22],
    ['torch-protocol4.pth', 'pth', 22],
    ['torch-legacy-protocol4.pth', 'pth', 22],
    ['numpy.npz', 'npz', 16],
    ['numpy-compressed.npz', 'npz', 16],
    ['python.onnx', 'onnx', 8],
  ])('tells by its bytes what %s is', (name, format, count) => {
    const source = name.endsWith('.onnx') ? name : 'some-file';
    const file = openWeights(fixture(name), { source });
    expect([file.format, file.tensors.size]).toEqual([format, count]);
  });

  it('keeps element types, and the metadata of each format that is written', () => {
    const tensors = new Map<string, FileTensor>([
      ['w', singles(1, 2)],
      ['n', { dtype: 'int64', shape: [], data: BigInt64Array.of(7n) }],
      ['h', { dtype: 'float16', shape: [1], data: Uint16Array.of(0x3c00) }],
    ]);
    for (const write of [writeSafetensors, writeTorch, writeNpz]) {
      const back = openWeights(write(tensors, { 'limbeck.classes': '10' }));
      expect({ ...back.metadata }).toEqual({ 'limbeck.classes': '10' });
      expect(
        [...back.tensors].map(([name, { dtype, shape, data }]) => [name, { dtype, shape, data }]),
      ).toEqual([...tensors]);
    }
  });

  it('reads back whatever was written, names and bits', () => {
    const types = Object.keys(elementArrays) as ElementType[];
    const tensor = fc
      .tuple(fc.constantFrom(...types), fc.array(fc.nat(3), { maxLength: 3 }), fc.infiniteStream(fc.nat(255)))
      .map(([dtype, shape, bytes]): FileTensor => {
        const size = shape.reduce((product, extent) => product * extent, 1);
        const content = new Uint8Array(size * elementArrays[dtype].BYTES_PER_ELEMENT);
        for (let i = 0; i < content.length; i++)
          content[i] = bytes.next().value & (dtype === 'bool' ? 1 : 255);
        return { dtype, shape, data: viewElements(dtype, content) };
      });
    const name = fc.string({ unit: 'binary', maxLength: 8 }).filter((text) => text !== '__metadata__');
    const state = fc.uniqueArray(fc.tuple(name, tensor), {
      selector: ([key]) => key,
      minLength: 1,
      maxLength: 5,
    });
    const bits = (tensors: Iterable<readonly [string, FileTensor]>) =>
      [...tensors].map(([key, { dtype, shape, data }]) => [key, dtype, shape, [...bytesOf(data)]]);
    const writers = [
      [writeSafetensors, []],
      [writeTorch, ['uint16', 'uint32', 'uint64']],
      [writeNpz, ['bfloat16']],
    ] as const;
    for (const [write, lacking] of writers) {
      fc.assert(
        fc.property(state, fc.dictionary(name, name), (all, metadata) => {
          const tensors = all.filter(([, { dtype }]) => !(lacking as readonly string[]).includes(dtype));
          fc.pre(tensors.length > 0);
          const back = openWeights(write(tensors, metadata));
          expect(bits(back.tensors)).toEqual(bits(tensors));
          expect(Object.entries(back.metadata).sort()).toEqual(Object.entries(metadata).sort());
        }),
        { numRuns: 150, seed: 7 },
      );
    }
  });

  it.each<[string, string, string, RegExp | undefined]>([
    ['a.pth', '<!DOCTYPE html>', 'a.pth: this is an HTML page, which is not read', /web page/],
    ['a.npz', 'no archive', "it begins 'no archive'", /copy the file again/],
    ['a.pkl', '\u0080\u0004K\u0001.', 'a.pkl is a pickle, but no checkpoint of PyTorch', /state_dict/],
    ['a.txt', 'some words and more', 'this is not a safetensors file', undefined],
    ['a.onnx', 'some words and more', 'a.onnx: ', undefined],
  ])('says what %s is not', (source, text, message, hint) => {
    const error = failure(() =>
      openWeights(
        Uint8Array.from(text, (letter) => letter.charCodeAt(0)),
        { source },
      ),
    );
    expect(error.message).toContain(message);
    if (hint !== undefined) expect(error.hint).toMatch(hint);
  });

  it('takes the names that begin with an entry, whatever the format', () => {
    const both = writeNpz([
      ['teacher.w', singles(1)],
      ['student.w', singles(2)],
    ]);
    const { tensors, entry } = openWeights(both, { source: 'a.npz', entry: 'teacher' });
    expect([entry, ...tensors.keys()]).toEqual(['teacher', 'w']);
    expect(tensors.get('w')!.data).toEqual(Float32Array.of(1));
    const error = failure(() => openWeights(both, { source: 'a.npz', entry: 'pupil' }));
    expect(error.message).toBe("a.npz: no names begin with 'pupil.'");
    expect(error.hint).toBe('they begin with teacher, student');
  });
});

describe('castFloats', () => {
  const cast = (tensor: FileTensor, dtype: FloatType) =>
    castFloats(new Map([['w', tensor]]), dtype).get('w')!;

  it('rounds to nearest, and leaves integers alone', () => {
    expect(cast(singles(1, 65504, 2 ** -24, -0), 'float16').data).toEqual(
      Uint16Array.of(0x3c00, 0x7bff, 1, 0x8000),
    );
    expect(cast(singles(1, -3.140625, Infinity, Number.NaN), 'bfloat16').data).toEqual(
      Uint16Array.of(0x3f80, 0xc049, 0x7f80, 0x7fc0),
    );
    expect(cast(singles(0.5), 'float64').data).toEqual(Float64Array.of(0.5));
    expect(cast({ dtype: 'float16', shape: [1], data: Uint16Array.of(0x3c00) }, 'float32').data).toEqual(
      Float32Array.of(1),
    );
    expect(cast({ dtype: 'bfloat16', shape: [1], data: Uint16Array.of(0x3f80) }, 'float64').data).toEqual(
      Float64Array.of(1),
    );
    const counter: FileTensor = { dtype: 'int64', shape: [], data: BigInt64Array.of(7n) };
    expect(cast(counter, 'float16')).toBe(counter);
  });

  it('casts what two names share once', () => {
    const shared = singles(1);
    const both = castFloats(
      new Map([
        ['a', shared],
        ['b', shared],
      ]),
      'float16',
    );
    expect(both.get('a')?.data).toBe(both.get('b')?.data);
  });

  it('refuses to make a weight infinite', () => {
    const error = failure(() => cast(singles(1, 1e6), 'float16').data);
    expect(error.message).toBe("tensor 'w' holds 1000000 at element 1, beyond float16");
    expect(error.hint).toContain('bfloat16');
  });
});
