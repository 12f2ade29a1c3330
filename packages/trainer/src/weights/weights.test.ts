import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LimbeckError } from '@limbeck/core';
import { writeNpz, writeSafetensors, writeTorch } from '@limbeck/formats';
import { Graph, type TensorData, tensorData } from '@limbeck/graph';
import { afterAll, describe, expect, it } from 'vitest';
import type { Weights } from '../run/weights.js';
import { temporaryFolder } from '../testing/run-files.js';
import { toyStudent } from '../testing/toy-models.js';
import { checkOrigin, otherOptions } from './check-origin.js';
import { loadWeights, matchWeights, type WeightsTarget } from './load.js';
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
      "some.safetensors does not fit teacher 'tiny': 1 of 3 fit;\n" +
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

describe('what does not belong to the model', () => {
  const student = {
    ...target,
    role: "student 'tiny'",
    mayDraw: true,
    head: new Set(['fc.weight', 'fc.bias']),
  };
  const both = (...parts: string[]) =>
    weights(new Map(parts.flatMap((part) => [...good()].map(([name, value]) => [`${part}${name}`, value]))));
  const refused = (given: Weights, whom: WeightsTarget = target) => {
    try {
      matchWeights(variables, given, whom);
    } catch (error) {
      return error as LimbeckError;
    }
    throw new Error('it was accepted');
  };

  it.each([
    ['n_averaged', 'passed over n_averaged'],
    ['fc.total_ops', 'passed over fc.total_ops'],
    ['optimizer.student.fc.weight.momentum', 'passed over optimizer.student.fc.weight.momentum'],
  ])('is passed over where it is known, and said: %s', (name, note) => {
    const tensors = good().set(name, tensorData('int32', []));
    expect(matchWeights(variables, weights(tensors), target).notes).toEqual([note]);
  });

  it('is passed over beside a prefix, which is said too: an averaged model', () => {
    const averaged = both('module.');
    const tensors = new Map([['n_averaged', tensorData('int32', [])], ...averaged.tensors]);
    const { state, notes } = matchWeights(variables, weights(tensors), target);
    expect(state.size).toBe(3);
    expect(notes).toEqual(["took 'module.' off the names", 'passed over n_averaged']);
  });

  it('is an error where it is another part that fits as well, which lists them', () => {
    const error = refused(both('teacher.', 'student.'));
    expect(error.message).toBe(
      "some.safetensors holds several parts that fit teacher 'tiny': teacher, student",
    );
    expect(error.hint).toBe('say which: weights: { file: FILE, entry: teacher }');
    expect(error.details.entries).toEqual(['teacher', 'student']);
  });

  it('is an error where it is an average beside the weights themselves', () => {
    const error = refused(both('', 'ema.'));
    expect(error.message).toContain('the names as they are, ema');
    expect(error.hint).toContain("drop: '^ema[.]'");
  });

  it('is named, with a pattern that drops it, and nothing is wrong with the rest', () => {
    const error = refused(weights(good().set('projector.weight', filled([2, 2]))));
    expect(error.message).toContain('3 of 3 fit;\n  1 unexpected: projector.weight');
    expect(error.hint).toBe(
      "leave tensors out that belong to no model: weights: { file: FILE, drop: '^projector[.]' }",
    );
  });

  it('is named where it is another part of the file', () => {
    const error = refused(weights(new Map([...both('model.').tensors, ['head.weight', filled([2])]])));
    expect(error.hint).toContain("if the part 'model' is meant, say entry: model");
  });

  it('is left out where the weights need not be strict, and listed', () => {
    const given = { ...weights(good().set('extra', filled([1]))), strict: false };
    expect(matchWeights(variables, given, target).notes).toEqual(['3 of 3 fit; 1 left out: extra']);
  });

  it('is drawn where a student lacks it and the weights need not be strict', () => {
    const tensors = good();
    tensors.delete('fc.bias');
    const given = { ...weights(tensors), strict: false };
    const { state, notes } = matchWeights(variables, given, student);
    expect([...state.keys()]).toEqual(['teacher.conv1.weight', 'teacher.fc.weight']);
    expect(notes).toEqual(['2 of 3 fit; 1 drawn: fc.bias']);
    expect(refused(given).message).toContain('1 missing: fc.bias');
  });

  it('is not loaded where the classifier is new, whatever its classes', () => {
    const tensors = good()
      .set('fc.weight', filled([100, 4]))
      .set('fc.bias', filled([100]));
    const { state, notes } = matchWeights(variables, { ...weights(tensors), head: 'new' }, student);
    expect([...state.keys()]).toEqual(['teacher.conv1.weight']);
    expect(notes).toEqual(['drew a new classifier: fc.weight, fc.bias']);
    expect(refused(weights(tensors), student).hint).toContain('head: new');
  });

  it('is named where it is made by what is not run', () => {
    const tensors = good();
    tensors.delete('fc.bias');
    const unread = new Map([['fc.bias', 'torch._utils._rebuild_qtensor']]);
    expect(refused({ ...weights(tensors), unread }).message).toContain(
      '1 not read: fc.bias is made by torch._utils._rebuild_qtensor, which is not run',
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('is %d, and the tensor is named', (value) => {
    const bad = filled([10]);
    (bad.data as Float32Array)[7] = value;
    const error = refused(weights(good().set('fc.bias', bad)));
    expect(error.code).toBe('NON_FINITE');
    expect(error.message).toBe(`some.safetensors: 'fc.bias' holds ${value} at element 7`);
  });

  it('is refused where names and shapes are those of a network that computes otherwise', () => {
    const other = renamed((name) => `theirs.${name.replace('fc', 'out')}`);
    const rules = [
      {
        by: 'others',
        rename: [
          ['^theirs[.]', ''],
          ['^out', 'fc'],
        ] as const,
        refuse: 'it pads otherwise',
      },
    ];
    expect(refused(other, { ...target, namings: rules }).message).toBe(
      'some.safetensors has the names of others: it pads otherwise',
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

  it('takes a part, and what patterns leave', () => {
    const tensors = new Map(
      ['teacher', 'student'].flatMap((part) =>
        [...good()].map(([name, value]) => [`${part}.${name}`, value]),
      ),
    );
    const path = join(folder.path, 'both.pth');
    writeFileSync(path, writeTorch(tensors));
    expect([...readWeightsFile(path, { entry: 'teacher' }).tensors.keys()]).toEqual([...good().keys()]);
    const only = readWeightsFile(path, { only: ['^student[.]'], drop: ['bias$'] });
    expect([...only.tensors.keys()]).toEqual(['student.conv1.weight', 'student.fc.weight']);
    expect(() => readWeightsFile(path, { only: ['^pupil'] })).toThrow(/leave no tensor/);
  });

  it('reads shards beside an index, and follows no link out of the folder', () => {
    const inside = join(folder.path, 'shards');
    mkdirSync(inside);
    writeFileSync(join(inside, 'a.safetensors'), writeSafetensors(good()));
    const index = (file: string) => {
      const map = Object.fromEntries([...good().keys()].map((name) => [name, file]));
      const path = join(inside, 'model.safetensors.index.json');
      writeFileSync(path, JSON.stringify({ weight_map: map }));
      return path;
    };
    expect(readWeightsFile(index('a.safetensors')).tensors).toEqual(good());
    expect(() => readWeightsFile(index('b.safetensors'))).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
    writeFileSync(join(folder.path, 'outside.safetensors'), writeSafetensors(good()));
    symlinkSync(join(folder.path, 'outside.safetensors'), join(inside, 'link.safetensors'));
    expect(() => readWeightsFile(index('link.safetensors'))).toThrow(/leads out of its folder/);
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
