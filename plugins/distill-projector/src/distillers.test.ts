import { defineLoss, definePlugin, defineProjector, indexTargets, type Use } from '@limbeck/core';
import { createHost, type Host } from '@limbeck/core/host';
import {
  evaluate,
  leafName,
  mean,
  program,
  type ReferenceValue,
  type StateDict,
  square,
  sub,
  toReference,
} from '@limbeck/graph';
import { initialState } from '@limbeck/nn';
import { buildDistiller } from '@limbeck/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import plugin from './index.js';

/** A projector in the place of one that another plugin brings. */
const projector = (id: string, bias: boolean) =>
  defineProjector({
    id,
    description: 'one fully connected layer',
    options: z.looseObject({ bias: z.boolean().default(bias) }),
    project: (m, x, target, options) => m.linear('linear', x, { out: target[1]!, bias: options.bias }),
  });

const projectors = definePlugin({
  name: '@limbeck/projectors',
  api: 1,
  setup: (at) => at.projectors.add(projector('linear', true), projector('orthogonal', false)),
});

const distillLogit = definePlugin({
  name: '@limbeck/distill-logit',
  api: 1,
  setup: (at) =>
    at.losses.add(
      defineLoss({
        id: 'kl-divergence',
        description: 'stands in',
        options: z.looseObject({}),
        value: (student, teacher) => mean(square(sub(student, teacher))),
      }),
    ),
});

let host: Host;
beforeAll(async () => {
  const plugins = [plugin, projectors, distillLogit].map((p) => ({ plugin: p, origin: 'here' }));
  host = await createHost({ plugins });
});
afterAll(() => host.dispose());

const taps = (batch: number, width: number) => ({
  stage1: [batch, width / 2, 8, 8],
  embedding: [batch, width],
  logits: [batch, 3],
});
const shapes = { student: taps(4, 8), teacher: taps(4, 12) };
const build = (use: Use, of = shapes) => buildDistiller(host, use, of);
const parameters = (use: Use, of = shapes) =>
  Object.fromEntries([...build(use, of).trace.variables].map(([name, { tensor }]) => [name, tensor.shape]));

test.each([
  ['srd', { feature: 2, kl: 1 }, { 'linear.weight': [12, 8], 'linear.bias': [12] }],
  ['vkd', { feature: 1, kl: 1 }, { 'linear.weight': [12, 8] }],
  ['inverted-projection', { feature: 1 }, { 'linear.weight': [8, 12] }],
] as const)('%s has the published terms, and one projector', (id, weights, variables) => {
  const built = build(id);
  const found = Object.entries(built.losses).map(([name, { weight, value }]) => [name, weight, value.shape]);
  expect(found).toEqual(Object.entries(weights).map(([name, weight]) => [name, weight, []]));
  const named = Object.entries(variables).map(([name, shape]) => [`${id}.projector.${name}`, shape]);
  expect(parameters(id)).toEqual(Object.fromEntries(named));
  expect([...built.student.inputs.keys()]).toContain('student.embedding');
});

test.each(['srd', 'vkd', 'inverted-projection', 'norm-direction'])(
  '%s pools maps it is told to compare',
  (use) => {
    const built = build({ use, tap: 'stage1', teacherTap: 'embedding' });
    expect([...built.student.inputs.keys()]).toContain('student.stage1');
    expect([...built.teacher.inputs.keys()]).toContain('teacher.embedding');
  },
);

test('srd does not train on single images', () => {
  const single = { student: taps(1, 8), teacher: taps(1, 12) };
  expect(() => build('srd', single)).toThrow(/normalises features over the images of a batch/);
  expect(() => buildDistiller(host, 'srd', single, { mode: 'eval' })).not.toThrow();
});

test('the inverted projection can be compared by any loss', () => {
  const use = { use: 'inverted-projection', loss: 'kl-divergence' };
  expect(build(use).losses.feature!.value.shape).toEqual([]);
});

describe('norm and direction', () => {
  test('asks for the means of classes over all training images', async () => {
    const asked = build({ use: 'norm-direction', tap: 'stage1', teacherTap: 'embedding' });
    const { create, features, tensors } = asked.preparations.get('class-means')!;
    expect(features).toEqual({ feature: { path: 'embedding', pooled: true } });
    expect(tensors).toEqual({ means: [3, 12] });
    const sums = create();
    const batches = [
      [0, 2, 2],
      [2, 0, 9],
    ];
    const value = (image: number, k: number) => Math.sin(image * 12 + k);
    for (const [at, labels] of batches.entries()) {
      const feature = Float32Array.from({ length: 36 }, (_, i) => value(3 * at + Math.floor(i / 12), i % 12));
      // the last one of the second batch is padding
      sums.add({ features: { feature }, targets: indexTargets(labels), count: 3 - at });
    }
    const { means } = await sums.finish(async () => {});
    const mean = (images: number[], k: number) =>
      images.reduce((sum, i) => sum + value(i, k), 0) / images.length;
    for (let k = 0; k < 12; k++) {
      expect(means![k]).toBeCloseTo(mean([0, 4], k), 6);
      expect(means![12 + k]).toBe(0);
      expect(means![24 + k]).toBeCloseTo(mean([1, 2, 3], k), 6);
    }
  });

  test('drops half of what goes to another width, unless told otherwise', () => {
    const drawn = (use: Use, of = shapes) =>
      program({ name: 'step', outputs: { loss: build(use, of).losses.direction!.value } })
        .inputs.map(leafName)
        .filter((name) => name.startsWith('random'));
    expect(drawn('norm-direction')).not.toEqual([]);
    expect(drawn({ use: 'norm-direction', dropout: 0 })).toEqual([]);
    expect(drawn('norm-direction', { student: taps(4, 12), teacher: taps(4, 12) })).toEqual([]);
  });

  test('bridges widths only where they differ', () => {
    const kept = { 'norm-direction.prepared.class-means.means': [3, 12] };
    expect(parameters('norm-direction', { student: taps(4, 12), teacher: taps(4, 12) })).toEqual(kept);
    expect(parameters('norm-direction')).toMatchObject({
      ...kept,
      'norm-direction.projector.linear.weight': [12, 8],
    });
  });

  test('keeps the mean of each class over all that was seen', () => {
    const equal = { student: taps(4, 8), teacher: taps(4, 8) };
    const { losses, trace } = build({ use: 'norm-direction', means: 'running' }, equal);
    const target = program({
      name: 'step',
      outputs: { loss: losses.direction!.value },
      updates: trace.updates,
    });
    let state: ReadonlyMap<string, ReferenceValue> = new Map(
      [...(initialState(trace.variables.values(), 1) as StateDict)].map(([name, data]) => [
        name,
        toReference(data),
      ]),
    );
    const images: [label: number, feature: number][] = [];
    for (let step = 0; step < 3; step++) {
      const labels = [0, 2, 2, step];
      const feature = Float64Array.from({ length: 32 }, (_, i) => Math.sin(i + 7 * step) + 1);
      labels.forEach((label, n) => void images.push([label, feature[n * 8]!]));
      const feed = (data: Float64Array): ReferenceValue => ({ shape: [4, 8], dtype: 'float32', data });
      const feeds = new Map<string, ReferenceValue>([
        ['student.embedding', feed(feature)],
        ['teacher.embedding', feed(feature)],
        ['labels', { shape: [4], dtype: 'int32', data: Float64Array.from(labels) }],
      ]);
      state = evaluate(target, feeds, state).state;
    }
    const means = state.get('distiller.norm-direction.means')!.data;
    for (const label of [0, 1, 2]) {
      const seen = images.filter(([of]) => of === label).map(([, x]) => x);
      expect(means[label * 8]).toBeCloseTo(seen.reduce((a, b) => a + b, 0) / seen.length, 9);
    }
  });
});
