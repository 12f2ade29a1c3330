import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onnxBackend } from '@limbeck/backend-onnx';
import { defineBackbone, defineMetric, definePlugin, indexTargets, type Split } from '@limbeck/core';
import type { ComputeBackend } from '@limbeck/core/backend';
import type { RunDataset } from '@limbeck/data';
import distillLogit from '@limbeck/distill-logit';
import projectorEnsemble from '@limbeck/distill-projector-ensemble';
import { globalAveragePool, relu, tensorData } from '@limbeck/graph';
import projectors from '@limbeck/projectors';
import { referenceBackend } from '@limbeck/testkit';
import type { RunEvent } from '@limbeck/trainer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findTargets } from './targets.js';
import { savedWeights, trainConfig } from './train-config.js';

const root = mkdtempSync(path.join(tmpdir(), 'limbeck-followed-'));
afterAll(() => rmSync(root, { recursive: true }));

const net = (id: string, width: number) =>
  defineBackbone({
    id,
    description: 'two convolutions',
    encode(m, image) {
      const x = relu(m.batchNorm('bn1', m.conv('conv1', image, { out: width, kernel: 3, padding: 1 })));
      const y = m.conv('conv2', m.tap('stage1', x), { out: width, kernel: 3, stride: 2, padding: 1 });
      return globalAveragePool(relu(m.batchNorm('bn2', y)));
    },
    classify: (m, embedding, classes) => m.linear('fc', embedding, { out: classes }),
  });

/** As a plugin of somebody else would bring it: how much longer the teacher's embedding is. */
const lengths = defineMetric({
  id: 'length-ratio',
  description: "mean length of the student's embedding over the teacher's",
  better: 'higher',
  features: () => ({
    ours: { of: 'student', path: 'embedding' },
    theirs: { of: 'teacher', path: 'embedding' },
  }),
  create(_, { ours, theirs }) {
    const [p, q] = [ours.shape[0]!, theirs.shape[0]!];
    let ratios = 0;
    let samples = 0;
    const length = (values: Float32Array) => Math.hypot(...values);
    return {
      add({ features, count }) {
        for (let row = 0; row < count; row++) {
          const student = length(features.ours.subarray(row * p, (row + 1) * p));
          ratios += student / length(features.theirs.subarray(row * q, (row + 1) * q));
        }
        samples += count;
      },
      value: () => ratios / samples,
    };
  },
});

const own = definePlugin({
  name: 'own',
  api: 1,
  setup(host) {
    host.backbones.add(net('thin', 3), net('wide', 5));
    host.metrics.add(lengths);
  },
});

const split = (length: number, first: number): Split => ({
  length,
  targets: indexTargets(Int32Array.from({ length }, (_, i) => i % 2)),
  read(index, into, offset) {
    for (let i = 0; i < 64; i++) into[offset + i] = (first + index * 37 + i * (1 + (index % 2) * 5)) % 256;
  },
});

const dataset: RunDataset = {
  classes: 2,
  classNames: ['flat', 'steep'],
  imageShape: [1, 8, 8],
  normalization: { mean: [0.5], std: [0.25] },
  train: split(16, 0),
  test: split(10, 500),
  fingerprint: 'ramps',
};

const f32 = (shape: number[], seed: number) => {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return tensorData(
    'float32',
    shape,
    Float32Array.from({ length: size }, (_, i) => Math.sin(seed + 2 * i)),
  );
};
const norm = (name: string, seed: number) =>
  [
    [`${name}.weight`, f32([5], seed)],
    [`${name}.bias`, f32([5], seed + 1)],
    [`${name}.running_mean`, f32([5], seed + 2)],
    [`${name}.running_var`, tensorData('float32', [5], new Float32Array(5).fill(1))],
  ] as const;
const tensors = new Map([
  ['conv1.weight', f32([5, 1, 3, 3], 1)],
  ...norm('bn1', 2),
  ['conv2.weight', f32([5, 5, 3, 3], 5)],
  ...norm('bn2', 6),
  ['fc.weight', f32([2, 5], 9)],
  ['fc.bias', f32([2], 10)],
]);

/** Metrics of both splits after an epoch. */
async function followed(backend: ComputeBackend, name: string, changes: object = {}) {
  const epochs: (RunEvent & { type: 'epoch' })[] = [];
  const evaluate = {
    metrics: [
      'top1',
      { use: 'teacher-cosine', tap: 'projector-ensemble.projectors', teacherTap: 'embedding' },
      {
        use: 'teacher-cosine',
        tap: 'projector-ensemble.projectors.1',
        teacherTap: 'embedding',
        name: 'second projector',
      },
      { use: 'teacher-cosine', tap: 'kd.projector', teacherTap: 'logits', name: 'projected logits' },
      'linear-cka',
      { use: 'linear-cka', tap: 'stage1', name: 'cka of maps' },
      { use: 'linear-cka', tap: 'stage1', pooled: false, name: 'cka of positions' },
      'teacher-agreement',
      'length-ratio',
    ],
    splits: ['test', 'train'],
    trainImages: 9,
  };
  const config = {
    data: { batchSize: 8, evalBatchSize: 4 },
    teacher: { use: 'wide', weights: savedWeights(root, 'wide', tensors), acceptChance: true },
    student: 'thin',
    distiller: ['projector-ensemble', { use: 'kd', projector: 'linear' }],
    train: { epochs: 1, optimizer: { lr: 0.001 }, evaluate },
  };
  await trainConfig([config, changes], {
    plugins: [own, projectors, projectorEnsemble, distillLogit],
    dataset,
    backends: [backend],
    folder: path.join(root, name),
    onEvent: (event) => {
      if (event.type === 'epoch') epochs.push(event);
    },
  });
  const { test: onTest, train: onTrain } = epochs.at(-1)!;
  return { test: onTest!, train: onTrain! };
}

const targets = await findTargets();

describe('what is followed through training', () => {
  let reference: Awaited<ReturnType<typeof followed>>;
  beforeAll(async () => {
    reference = await followed(referenceBackend, 'reference');
  });

  test.for(targets)('is the same on the reference and on $name', async (target, { skip }) => {
    const { name, backend, missing } = target;
    if (missing !== undefined) skip(missing);
    const values = await followed(backend, name);
    for (const [where, metrics] of Object.entries(reference)) {
      const there = values[where as keyof typeof values];
      expect(Object.keys(there)).toEqual(Object.keys(metrics));
      for (const [metric, value] of Object.entries(metrics)) {
        expect(there[metric], `${metric} on ${where}`).toBeCloseTo(value, 4);
      }
    }
  });

  test('is no constant and no chance', () => {
    for (const [where, { top1: _, ...metrics }] of Object.entries(reference)) {
      expect(new Set(Object.values(metrics)).size, where).toBe(Object.keys(metrics).length);
      expect(Object.values(metrics).every(Number.isFinite), where).toBe(true);
    }
  });

  test('goes on with a teacher in int8 on the ONNX backend', async () => {
    const teacher = { precision: 'int8', fidelity: { accept: true } };
    const values = await followed(onnxBackend, 'int8', { teacher });
    for (const metric of ['teacher-cosine', 'linear-cka', 'length-ratio']) {
      expect(values.test[metric], metric).toBeCloseTo(reference.test[metric]!, 1);
    }
  });

  test('is no projection of the teacher, which images alone do not give', async () => {
    const distiller = [{ use: 'projector-ensemble', side: 'teacher' }];
    const metrics = [{ use: 'linear-cka', tap: 'projector-ensemble.projectors', teacherTap: 'embedding' }];
    await expect(
      followed(referenceBackend, 'teacher-side', { distiller, train: { evaluate: { metrics } } }),
    ).rejects.toMatchObject({
      code: 'PRECONDITION',
      message:
        "'projector-ensemble.projectors' of student 'thin' reads 'teacher.embedding', and evaluation gives it images alone",
    });
  });
});
