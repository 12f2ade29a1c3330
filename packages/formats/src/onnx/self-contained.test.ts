import { describe, expect, it } from 'vitest';
import { failure } from '../testing/failure.js';
import { decodeOnnx } from './decode.js';
import { encodeOnnx } from './encode.js';
import type { OnnxModel } from './model.js';
import { lengthField, rawFields } from './raw-fields.js';
import { selfContained } from './self-contained.js';

const model: OnnxModel = {
  irVersion: 8,
  producerName: 'test',
  opsetImports: [{ domain: '', version: 17 }],
  metadata: { note: 'kept' },
  graph: {
    name: 'g',
    nodes: [{ opType: 'Add', name: 'n', inputs: ['x', 'w'], outputs: ['y'], attributes: {} }],
    inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 2] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 2] }],
    initializers: [{ name: 'w', dtype: 'float32', shape: [2], data: Float32Array.of(3, 4) }],
  },
};
const text = (value: string) => new TextEncoder().encode(value);
const join = (parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

/** The model with its weights moved out. */
function external(entries: Record<string, string>): Uint8Array {
  const inTensor = (bytes: Uint8Array) =>
    join([
      ...[...rawFields(bytes, '')].filter(({ number }) => number !== 9).map(({ whole }) => whole),
      ...Object.entries(entries).flatMap(([key, value]) =>
        lengthField(13, [join([...lengthField(1, [text(key)]), ...lengthField(2, [text(value)])])]),
      ),
      Uint8Array.of(14 * 8, 1),
    ]);
  const inGraph = (bytes: Uint8Array) =>
    join(
      [...rawFields(bytes, '')].flatMap((field) =>
        field.number === 5 ? lengthField(5, [inTensor(field.content)]) : [field.whole],
      ),
    );
  return join(
    [...rawFields(encodeOnnx(model), '')].flatMap((field) =>
      field.number === 7 ? lengthField(7, [inGraph(field.content)]) : [field.whole],
    ),
  );
}

const file = new Uint8Array([...new Uint8Array(4), ...new Uint8Array(Float32Array.of(3, 4).buffer)]);
const beside = (name: string) => {
  if (name === 'm.data') return file;
  throw new Error(`no ${name}`);
};

describe('selfContained', () => {
  it('gives back what needs nothing', () => {
    const bytes = encodeOnnx(model);
    expect(selfContained(bytes)).toBe(bytes);
  });

  it('puts weights in that are kept beside the model, and nothing else changes', () => {
    const whole = selfContained(external({ location: 'm.data', offset: '4', length: '8' }), { beside });
    expect(decodeOnnx(whole)).toEqual(decodeOnnx(encodeOnnx(model)));
  });

  it('takes the size of the tensor where no length is said', () => {
    const whole = selfContained(external({ location: 'm.data', offset: '4' }), { beside });
    expect(decodeOnnx(whole).graph.initializers[0]!.data).toEqual(Float32Array.of(3, 4));
  });

  it.each<[string, Record<string, string>, string]>([
    ['outside the folder', { location: '../m.data' }, "'../m.data', which is outside its folder"],
    ['at the root', { location: '/etc/passwd' }, 'which is outside its folder'],
    ['nowhere', {}, 'outside its folder'],
    ['beyond the end', { location: 'm.data', offset: '8' }, "bytes 8 to 16 of 'm.data', which has 12"],
    ['in other numbers', { location: 'm.data', length: '4' }, 'needs 8 bytes, 4 are said'],
    ['before the start', { location: 'm.data', offset: '-4' }, "is at '-4' of a file"],
  ])('refuses weights %s', (_, entries, message) => {
    const error = failure(() => selfContained(external(entries), { source: 'm.onnx', beside }));
    expect(error.message).toMatch(/^m\.onnx: /);
    expect(error.message).toContain(message);
  });

  it('needs the folder', () => {
    const error = failure(() => selfContained(external({ location: 'm.data' })));
    expect(error.message).toContain("is kept in 'm.data', which is not at hand");
  });

  it('takes weights off the list of inputs, where older exporters put them', () => {
    const inputs = [...model.graph.inputs, { name: 'w', dtype: 'float32', shape: [2] } as const];
    const bytes = encodeOnnx({ ...model, graph: { ...model.graph, inputs } });
    expect(decodeOnnx(bytes).graph.inputs).toHaveLength(2);
    expect(decodeOnnx(selfContained(bytes))).toEqual(decodeOnnx(encodeOnnx(model)));
  });
});
