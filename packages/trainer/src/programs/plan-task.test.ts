import { readFileSync } from 'node:fs';
import type { BatchTargets, TargetKind } from '@limbeck/core';
import { batchTargets, createHost, targetInput } from '@limbeck/core/host';
import { Graph, gradients, interpret, program, tensorData } from '@limbeck/graph';
import { beforeAll, describe, expect, it } from 'vitest';
import { standardTraining } from '../standard/plugin.js';
import { taskLossOf } from './plan-task.js';

const golden = JSON.parse(
  readFileSync(new URL('../../../../test/golden/targets.json', import.meta.url), 'utf8'),
);
const { samples, classes, classWeights, posWeight, labelSmoothing } = golden;

let host: Awaited<ReturnType<typeof createHost>>;
beforeAll(async () => {
  host = await createHost({ plugins: [{ plugin: standardTraining, origin: 'test' }] });
});

/** The options that a case's name tells. */
const useOf = (name: string) => ({
  use: name.startsWith('bce') ? 'binary-cross-entropy' : 'cross-entropy',
  ...(name.includes('smoothed') && { labelSmoothing }),
  ...(name.includes('weighted') && { classWeights }),
  ...(name.includes('pos') && { posWeight }),
});

const kindOf = (name: string) => name.split(' ')[1] as Exclude<TargetKind, 'none'>;

const valuesOf = { index: golden.labels, soft: golden.soft, 'multi-hot': golden.multiHot };

it('smooths mixed targets as timm does before it mixes them', () => {
  const graph = new Graph();
  const [logits, mixed] = [graph.input('logits', [4, 3]), graph.input('targets', [4, 3])];
  const loss = taskLossOf(host.use('tasks', { use: 'cross-entropy', labelSmoothing: 0.1 }), {
    ...{ logits, targets: { kind: 'soft', values: mixed }, classes: 3, source: 'mixup' },
  });
  const share = 0.7;
  const classesOf = [0, 2, 1, 2];
  const rows = classesOf.flatMap((own, i) =>
    [0, 1, 2].map((c) => share * Number(c === own) + (1 - share) * Number(c === classesOf[3 - i])),
  );
  const given = [0.5, -1, 2, 1, 0, -0.5, 0.2, 0.3, -2, 3, 1, 0];
  const { outputs } = interpret(
    program({ name: 'task', outputs: { loss: loss! } }),
    new Map([
      ['logits', tensorData('float32', [4, 3], Float32Array.from(given))],
      ['targets', tensorData('float32', [4, 3], Float32Array.from(rows))],
    ]),
    new Map(),
  );
  // timm 1.0.31: SoftTargetCrossEntropy of mixup_target(classes, 3, lam=0.7, smoothing=0.1)
  expect(outputs.get('loss')!.data[0]).toBeCloseTo(1.6805546283721924, 6);
});

function lossOf(use: object & { use: string }, targetsOf: (graph: Graph) => BatchTargets) {
  const graph = new Graph();
  const logits = graph.input('logits', [samples, classes]);
  const loss = taskLossOf(host.use('tasks', use as never), {
    logits,
    targets: targetsOf(graph),
    classes,
    source: 'the training split',
  });
  return { logits, loss };
}

describe('against PyTorch', () => {
  it.each(Object.keys(golden.losses))('%s', (name) => {
    const kind = kindOf(name);
    const { logits, loss } = lossOf(useOf(name), (graph) => batchTargets(graph, kind, samples, classes));
    const [gradient] = gradients(loss!, [logits]);
    const { name: input, dtype, shape } = targetInput(kind, samples, classes)!;
    const data = dtype === 'int32' ? Int32Array.from(valuesOf[kind]) : Float32Array.from(valuesOf[kind]);
    const { outputs } = interpret(
      program({ name: 'task', outputs: { loss: loss!, gradient: gradient! } }),
      new Map([
        ['logits', tensorData('float32', [samples, classes], Float32Array.from(golden.logits))],
        [input, tensorData(dtype, shape, data)],
      ]),
      new Map(),
    );
    const expected = golden.losses[name];
    expect(outputs.get('loss')!.data[0]).toBeCloseTo(expected.loss, 5);
    for (const [i, value] of expected.gradient.entries())
      expect(outputs.get('gradient')!.data[i]).toBeCloseTo(value, 6);
  });
});

describe('construction', () => {
  const withKind = (kind: TargetKind) => (graph: Graph) => batchTargets(graph, kind, samples, classes);

  it.each([
    [
      { use: 'cross-entropy' },
      'none',
      "task 'cross-entropy' reads index or soft targets, but the training split gives none",
    ],
    [
      { use: 'cross-entropy' },
      'multi-hot',
      "task 'cross-entropy' reads index or soft targets, but the training split gives multi-hot targets",
    ],
    [
      { use: 'binary-cross-entropy' },
      'none',
      "task 'binary-cross-entropy' reads multi-hot or index or soft targets",
    ],
    [
      { use: 'cross-entropy', classWeights: [1, 2] },
      'index',
      'task.classWeights has 2 numbers, the data has 5 classes',
    ],
    [
      { use: 'binary-cross-entropy', posWeight: [0, 0, 0, 0, 0] },
      'multi-hot',
      'task.posWeight is 0 for every class',
    ],
  ] as const)('%o on %s targets is refused', (use, kind, message) => {
    expect(() => lossOf(use, withKind(kind))).toThrow(message);
  });

  it.each(['none', 'index', 'soft', 'multi-hot'] as const)(
    "task 'none' takes %s targets and learns nothing",
    (kind) => {
      expect(lossOf({ use: 'none' }, withKind(kind)).loss).toBeUndefined();
    },
  );
});
