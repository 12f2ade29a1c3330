import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeNpz, writeSafetensors, writeTorch } from '@limbeck/formats';
import { Graph, type TensorData, tensorData } from '@limbeck/graph';
import { afterAll, describe, expect, it } from 'vitest';
import type { Weights } from '../run/weights.js';
import { temporaryFolder } from '../testing/run-files.js';
import { toyStudent } from '../testing/toy-models.js';
import { checkOrigin, otherOptions } from './check-origin.js';
import { loadWeights } from './load.js';
import { readWeightsFile } from './read.js';

const graph = new Graph();
const variables = Object.entries({ 'conv1.weight': [4, 1, 3, 3], 'fc.weight': [10, 4], 'fc.bias': [10] }).map(
  ([name, shape]) => ({ name, stateName: `teacher.${name}`, tensor: graph.state(`teacher.${name}`, shape) }),
);
const target = { role: "teacher 'tiny'", classes: 10 };

const filled = (shape: readonly number[]) => {
  const zeros = tensorData('float32', shape);
  return tensorData(
    'float32',
    shape,
    zeros.data.map((_, i) => i + 0.5),
  );
};
const good = () =>
  new Map<string, TensorData>(variables.map(({ name, tensor }) => [name, filled(tensor.shape)]));
const weights = (tensors: Map<string, TensorData>): Weights => ({ source: 'some.safetensors', tensors });
const renamed = (rename: (name: string) => string) =>
  weights(new Map([...good()].map(([name, value]) => [rename(name), value])));

const failure = (tensors: Map<string, TensorData>) => {
  try {
    loadWeights(variables, weights(tensors), target);
  } catch (error) {
    return error as Error & { code: string; details: Record<string, unknown> };
  }
  throw new Error('it was accepted');
};

describe('loading', () => {
  it('takes published names and gives state names, in the order of the model', () => {
    const state = loadWeights(variables, weights(new Map([...good()].reverse())), target);
    expect([...state.keys()]).toEqual(['teacher.conv1.weight', 'teacher.fc.weight', 'teacher.fc.bias']);
    expect(state.get('teacher.fc.bias')).toEqual(filled([10]));
  });

  it.each(['module.', 'model.', 'student.', 'module.model.'])("takes off a shared prefix '%s'", (prefix) => {
    expect(
      loadWeights(
        variables,
        renamed((name) => prefix + name),
        target,
      ).size,
    ).toBe(3);
  });

  it('does not take off what a model calls its own', () => {
    const only = variables.filter(({ name }) => name.startsWith('fc.'));
    const tensors = new Map([...good()].filter(([name]) => name.startsWith('fc.')));
    expect(loadWeights(only, weights(tensors), target).size).toBe(2);
  });

  it('ignores counters of batches', () => {
    const tensors = good().set('bn1.num_batches_tracked', tensorData('int32', []));
    expect(loadWeights(variables, weights(tensors), target).size).toBe(3);
  });

  it('widens bfloat16', () => {
    const half = tensorData('bfloat16', [10], new Uint16Array(10).fill(0x3fc0));
    const state = loadWeights(variables, weights(good().set('fc.bias', half)), target);
    expect(state.get('teacher.fc.bias')).toEqual(tensorData('float32', [10], new Float32Array(10).fill(1.5)));
  });

  it('refuses other types', () => {
    const error = failure(good().set('fc.bias', tensorData('int32', [10])));
    expect(error).toMatchObject({ code: 'WEIGHTS_MISMATCH' });
    expect(error.message).toBe("some.safetensors: 'fc.bias' is int32, weights are float32 or bfloat16");
  });

  it('lists missing, unexpected and misshapen names, ten of each', () => {
    const tensors = good().set('conv1.weight', filled([4, 3, 3, 3]));
    tensors.delete('fc.bias');
    for (let i = 0; i < 12; i++) tensors.set(`layer${i}.weight`, filled([1]));
    const error = failure(tensors);
    expect(error.code).toBe('WEIGHTS_MISMATCH');
    expect(error.message).toBe(
      "some.safetensors does not fit teacher 'tiny':\n" +
        '  1 missing: fc.bias\n' +
        `  12 unexpected: ${Array.from({ length: 10 }, (_, i) => `layer${i}.weight`).join('; ')}; and 2 more\n` +
        '  1 misshapen: conv1.weight is [4, 3, 3, 3], the model has [4, 1, 3, 3]',
    );
    expect(error.details.unexpected).toHaveLength(12);
  });

  it('says so where only the channels of images differ', () => {
    expect(failure(good().set('conv1.weight', filled([4, 3, 3, 3]))).message).toBe(
      "some.safetensors holds a teacher 'tiny' for images of 3 channels, the model takes 1: " +
        'conv1.weight is [4, 3, 3, 3], the model has [4, 1, 3, 3]',
    );
  });

  it('proposes the rename that would mend other names', () => {
    const tensors = new Map([...good()].map(([name, value]) => [name.replace('fc', 'classifier'), value]));
    const error = failure(tensors) as Error & { hint?: string };
    expect(error.hint).toBe(
      "the shapes agree, only the names differ; add this beside the weights - rename: [['(^|[.])classifier([0-9]*)([.]|$)', '$1fc$2$3']]",
    );
  });

  it('names the architecture that the file says it holds', () => {
    const other = { ...weights(new Map([['w', filled([1])]])), metadata: { 'limbeck.backbone': 'resnet20' } };
    expect(() => loadWeights(variables, other, target)).toThrow(
      /^some.safetensors, the weights of 'resnet20', does not fit teacher 'tiny':/,
    );
  });

  it('says so where only the number of classes differs', () => {
    const error = failure(
      good()
        .set('fc.weight', filled([100, 4]))
        .set('fc.bias', filled([100])),
    );
    expect(error.message).toMatch(
      /^some.safetensors holds a teacher 'tiny' for 100 classes, the data has 10: fc/,
    );
  });
});

describe('reading', () => {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());

  it('gives tensors, metadata and the source', () => {
    const path = join(folder.path, 'good.safetensors');
    writeFileSync(path, writeSafetensors(good(), { by: 'me' }));
    expect(readWeightsFile(path)).toMatchObject({ source: path, tensors: good(), metadata: { by: 'me' } });
  });

  it('takes checkpoints of PyTorch and NumPy alike, under other names where that is asked for', () => {
    const tensors = new Map([...good()].map(([name, value]) => [`backbone.${name}`, value]));
    for (const [name, bytes] of [
      ['good.pth', writeTorch(tensors)],
      ['good.npz', writeNpz(tensors)],
    ] as const) {
      const path = join(folder.path, name);
      writeFileSync(path, bytes);
      const read = readWeightsFile(path, { rename: [['^backbone[.]', '']] });
      expect([...read.tensors]).toEqual([...good()]);
    }
  });

  it.each<[string, (path: string) => void, string]>([
    ['is missing', () => undefined, 'NOT_FOUND'],
    ['is empty', (path) => writeFileSync(path, ''), 'BAD_FILE'],
    ['is no safetensors file', (path) => writeFileSync(path, 'a text that is long enough'), 'BAD_FILE'],
    ['is a folder', (path) => mkdirSync(path), 'BAD_FILE'],
  ])('refuses what %s, naming it', (what, make, code) => {
    const path = join(folder.path, what);
    make(path);
    expect(() => readWeightsFile(path)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(path) }),
    );
  });
});

describe('what a file says about itself is compared with the data', () => {
  const from = (shape: string, classes: string): Weights => ({
    ...weights(good()),
    metadata: { 'limbeck.imageShape': shape, 'limbeck.classes': classes },
  });
  const data = { classes: 10, imageShape: [1, 28, 28] } as const;

  it('and agrees', () => {
    expect(checkOrigin(from('[1, 28, 28]', '10'), 'teacher', data)).toBeUndefined();
    expect(checkOrigin(weights(good()), 'teacher', data)).toBeUndefined();
  });

  it('and warns of another size', () => {
    expect(checkOrigin(from('[1, 32, 32]', '10'), 'teacher', data)).toBe(
      'some.safetensors holds a teacher trained on images [1, 32, 32], those of the data are [1, 28, 28]',
    );
  });

  it.each([
    ['[3, 28, 28]', '10', 'SHAPE_MISMATCH', /for images \[3, 28, 28\], those of the data are \[1, 28, 28\]/],
    ['[1, 28, 28]', '100', 'WEIGHTS_MISMATCH', /for 100 classes, the data has 10/],
  ])('and is refused: %s, %s classes', (shape, classes, code, message) => {
    expect(() => checkOrigin(from(shape, classes), 'teacher', data)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});

describe("what a file says about its model's options is compared with a choice of the same model", () => {
  const from = (options: string, backbone = 'toy-student'): Weights => ({
    ...weights(good()),
    metadata: { 'limbeck.backbone': backbone, 'limbeck.options': options },
  });
  const choice = { backbone: toyStudent, options: { heads: 4, stem: 'cifar', added: 1 } };

  it.each([
    ['{"heads":4,"stem":"cifar"}', 'toy-student', []],
    ['{"heads":3,"stem":"cifar"}', 'toy-student', ['heads: 3, now 4']],
    ['{"heads":3,"gone":true}', 'toy-student', ['heads: 3, now 4', 'gone: true, now none']],
    ['{"heads":3}', 'another', []],
    ['no JSON', 'toy-student', []],
    ['null', 'toy-student', []],
  ])('%s of %s', (said, backbone, lines) => {
    expect(otherOptions(from(said, backbone), choice)).toEqual(lines);
  });

  it('and is not asked of files from before there was such an entry', () => {
    expect(otherOptions(weights(good()), choice)).toEqual([]);
  });
});
