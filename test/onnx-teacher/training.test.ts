import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onnxBackend } from '@limbeck/backend-onnx';
import { defineBackbone, definePlugin, indexTargets, labelsOf, type Split, targetsOf } from '@limbeck/core';
import type { RunDataset } from '@limbeck/data';
import classifierSharing from '@limbeck/distill-classifier-sharing';
import distillFeature from '@limbeck/distill-feature';
import distillLogit from '@limbeck/distill-logit';
import projectorEnsemble from '@limbeck/distill-projector-ensemble';
import { globalAveragePool, relu } from '@limbeck/graph';
import projectors from '@limbeck/projectors';
import type { RunEvent } from '@limbeck/trainer';
import { afterAll, describe, expect, it } from 'vitest';
import { type Given, trainConfig } from '../train-config.js';

const root = mkdtempSync(path.join(tmpdir(), 'limbeck-onnx-teacher-'));
afterAll(() => rmSync(root, { recursive: true }));

const file = (name: string) => path.join(import.meta.dirname, name);

/** Labels are what the teacher sees in the images, so that it is no guesser. */
const { pixels, features, mean, std } = JSON.parse(readFileSync(file('pytorch.json'), 'utf8')) as {
  pixels: number[];
  features: { logits: number[] };
  mean: number[];
  std: number[];
};

const size = 3 * 8 * 8;
const labels = [0, 1, 2, 3].map((i) => {
  const row = features.logits.slice(5 * i, 5 * i + 5);
  return row.indexOf(Math.max(...row));
});

const split = (length: number): Split => ({
  length,
  targets: indexTargets(Int32Array.from({ length }, (_, i) => labels[i % 4]!)),
  read: (index, into, offset) => into.set(pixels.slice((index % 4) * size, ((index % 4) + 1) * size), offset),
});

const dataset: RunDataset = {
  classes: 5,
  classNames: ['a', 'b', 'c', 'd', 'e'],
  imageShape: [3, 8, 8],
  normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
  train: split(16),
  test: split(8),
  fingerprint: 'four-images',
};

const thin = defineBackbone({
  id: 'thin',
  description: 'two convolutions',
  encode(m, image) {
    const x = m.tap('stage1', relu(m.conv('conv1', image, { out: 4, kernel: 3, padding: 1 })));
    const y = m.tap('stage2', relu(m.conv('conv2', x, { out: 6, kernel: 3, stride: 2, padding: 1 })));
    return globalAveragePool(m.tap('last-map', y));
  },
  classify: (m, embedding, classes) => m.linear('fc', embedding, { out: classes }),
});

const nets = definePlugin({ name: 'nets', api: 1, setup: (host) => host.backbones.add(thin) });

const teacher = {
  onnx: file('pytorch.onnx'),
  taps: {
    stage2: '/layer2/Relu_1_output_0',
    'last-map': '/layer2/Relu_1_output_0',
    embedding: '/Flatten_output_0',
  },
  input: { normalization: { mean, std } },
};

const config = {
  data: { batchSize: 4, evalBatchSize: 4 },
  teacher,
  student: 'thin',
  distiller: [
    { use: 'projector-ensemble', projectors: 2, weight: 5 },
    { use: 'fitnet', tap: 'stage2' },
    'kd',
  ],
  train: {
    epochs: 2,
    seed: 0,
    optimizer: { nesterov: true },
    schedule: 'cosine',
    checkpoint: { everySteps: 1 },
  },
  backend: { threads: 1 },
};

/** @param changes of the configuration */
const run = (name: string, changes: object = {}, more: Partial<Given> = {}) =>
  trainConfig([config, changes], {
    plugins: [nets, projectors, projectorEnsemble, distillFeature, distillLogit, classifierSharing],
    dataset,
    backends: [onnxBackend],
    folder: path.join(root, name),
    ...more,
  });

describe('a student of a model from a file', () => {
  it('learns from its maps, its embedding and its logits, once it is examined', async () => {
    const events: RunEvent[] = [];
    const result = await run('straight', {}, { onEvent: (event) => events.push(event) });
    expect(result.teachers.teacher!.metrics!.top1).toBe(1);
    const start = events.find((event) => event.type === 'start')!;
    expect(start.teachers).toMatchObject([{ name: 'teacher', id: 'pytorch.onnx', backend: 'onnx' }]);
    expect(start.teachers[0]!.parameters).toBeGreaterThan(1000);
    const [first, last] = events.filter((event) => event.type === 'epoch');
    expect(last!.losses.total).toBeLessThan(first!.losses.total!);
  });

  it('is the same, stopped and resumed or not, and not of another file', async () => {
    const straight = await run('whole');
    let steps = 0;
    const counted = {
      onEvent: ({ type }: RunEvent) => {
        if (type === 'step') steps++;
      },
      stop: () => steps >= 3,
    };
    await expect(run('stopped', {}, counted)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const changed = { teacher: { input: { normalization: null } } };
    await expect(run('stopped', changed, { resume: true })).rejects.toThrow(/teacher.input.normalization/);
    const resumed = await run('stopped', {}, { resume: true });
    const bytes = ({ files }: typeof straight) => readFileSync(files.safetensors!).toString('base64');
    expect(bytes(resumed)).toBe(bytes(straight));
  });

  it('learns from a backbone too, by name', async () => {
    const own = await run('first');
    const weights = own.files.safetensors!;
    const teachers = [
      { name: 'torch', ...teacher },
      { name: 'own', use: 'thin', weights, acceptChance: true },
    ];
    const { teachers: known } = await run('both', {
      teacher: teachers,
      distiller: [
        { use: 'projector-ensemble', weight: 5 },
        { use: 'kd', teacher: 'own' },
      ],
    });
    expect(Object.keys(known)).toEqual(['torch', 'own']);
  });

  it('is compared with it all along, on its maps too', async () => {
    const epochs: (RunEvent & { type: 'epoch' })[] = [];
    const evaluate = {
      metrics: [
        'top1',
        { use: 'teacher-cosine', tap: 'projector-ensemble.projectors', teacherTap: 'embedding' },
        { use: 'linear-cka', tap: 'stage2' },
        'teacher-agreement',
      ],
      splits: ['test', 'train'],
    };
    const onEvent = (event: RunEvent) => {
      if (event.type === 'epoch') epochs.push(event);
    };
    await run('followed', { train: { evaluate } }, { onEvent });
    expect(epochs).toHaveLength(2);
    for (const { test, train } of epochs) {
      // labels are what the teacher sees, so that agreeing with it is being right
      expect(test!['teacher-agreement']).toBe(test!.top1);
      // both splits hold the same four images
      for (const [metric, value] of Object.entries(test!)) expect(train![metric]).toBeCloseTo(value, 6);
      expect(test!['linear-cka']).toBeGreaterThan(0);
    }
    expect(epochs[1]!.test!['teacher-cosine']).toBeGreaterThan(epochs[0]!.test!['teacher-cosine']!);
  });

  it('cannot use its classifier', async () => {
    await expect(run('shared', { distiller: ['classifier-sharing'] })).rejects.toMatchObject({
      code: 'PRECONDITION',
      message: "nobody knows which part of teacher 'pytorch.onnx' is its classifier",
      hint: expect.stringContaining('needs a backbone'),
    });
  });

  it('cannot ask for what has no name', async () => {
    await expect(run('unnamed', { distiller: [{ use: 'at', taps: ['stage1'] }] })).rejects.toMatchObject({
      code: 'UNKNOWN_TAP',
      message: "teacher 'pytorch.onnx' has no tap 'stage1'",
      hint: expect.stringMatching(/did you mean 'stage2'.*teacher.taps/),
    });
  });

  it('is not trained where the teacher guesses', async () => {
    const guessing = {
      ...dataset,
      test: {
        ...dataset.test,
        targets: indexTargets(labelsOf(targetsOf(dataset.test)).map((l) => (l + 1) % 5)),
      },
    };
    await expect(run('guessing', {}, { dataset: guessing })).rejects.toMatchObject({
      code: 'PRECONDITION',
      message: expect.stringMatching(/^teacher 'pytorch.onnx' \(.*pytorch.onnx\) is at chance/),
    });
  });
});
