import { readFile } from 'node:fs/promises';
import { defineBackbone, type UseObject } from '@limbeck/core';
import type { ComputeBackend } from '@limbeck/core/backend';
import { createHost, type Host } from '@limbeck/core/host';
import { relu, reshape, type StateDict, tensorData } from '@limbeck/graph';
import { averageDecay, averageName, layerDecayFactors, type ParameterGroup } from '@limbeck/nn';
import { parameterRule, patternFill, referenceBackend } from '@limbeck/testkit';
import { openStudentStep, planStudent, standardTraining } from '@limbeck/trainer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findTargets } from './targets.js';

/** Some steps of training as PyTorch takes them. */
interface Case {
  readonly name: string;
  readonly optimizer: UseObject;
  readonly groups?: readonly ParameterGroup[];
  readonly transforms?: readonly UseObject[];
  readonly accumulate?: number;
  readonly ema?: { readonly decay: number; readonly warmup: boolean };
  readonly freeze?: readonly string[];
  readonly layerDecay?: number;
  /** Of every batch. */
  readonly losses: readonly number[];
  /** Parameters and buffers after the last step, and their averages. */
  readonly state: Readonly<Record<string, readonly number[]>>;
  readonly average?: Readonly<Record<string, readonly number[]>>;
}

const golden: {
  readonly batch: number;
  readonly features: number;
  readonly width: number;
  readonly classes: number;
  readonly rates: readonly number[];
  readonly cases: readonly Case[];
  readonly layerFactors: readonly {
    readonly model: string;
    readonly decay: number;
    readonly parameters: readonly {
      readonly name: string;
      readonly classifier: boolean;
      readonly factor: number;
    }[];
  }[];
} = JSON.parse(await readFile(new URL('golden/optimizers.json', import.meta.url), 'utf8'));

const { batch, features, width, classes, rates } = golden;

/** Linear layers with batch norm between them, as `make-optimizers.py` has them. */
const network = defineBackbone({
  id: 'network',
  description: 'linear layers with batch norm',
  encode(m, image) {
    const pixels = reshape(image, [image.shape[0]!, features]);
    let x = relu(m.linear('stem', pixels, { out: width }));
    for (const i of [0, 1]) {
      const block = m.in('blocks').in(i);
      x = relu(block.batchNorm('norm', block.linear('fc', x, { out: width, bias: false })));
    }
    return x;
  },
  classify: (m, embedding) => m.linear('head', embedding, { out: classes }),
});

let host: Host;

beforeAll(async () => {
  host = await createHost({ plugins: [{ plugin: standardTraining, origin: 'test' }] });
});

afterAll(() => host.dispose());

/**
 * Trains as a case says; gives the loss of every batch and the state at the end.
 *
 * @param options.reopenAfter the step after which everything is compiled anew, from the state alone
 */
async function trainedAs(one: Case, backend: ComputeBackend, { reopenAfter = -1 } = {}) {
  const { optimizer, transforms = [], ema, ...rules } = one;
  const plan = planStudent({
    student: { backbone: network, options: undefined },
    teachers: [],
    distillers: [],
    parts: host,
    data: { batchSize: batch, dataset: { imageShape: [features, 1, 1], classes } },
    optimizer: host.use('optimizers', optimizer),
    groups: rules.groups?.map((group) => ({ lrFactor: 1, ...group })),
    layerDecay: rules.layerDecay,
    accumulate: rules.accumulate,
    freeze: rules.freeze,
    transforms: transforms.map((use) => host.use('gradientTransforms', use)),
    ema: ema && { ...ema, deploy: true },
  });
  const known = new Map(
    [...plan.variables.values()].map(({ name, stateName, tensor: { shape } }) => [
      stateName,
      patternFill('1', name, shape, parameterRule(name, shape)),
    ]),
  );
  const emit = () => undefined;
  const open = (state: StateDict) => openStudentStep(plan, { backend }, { emit, state });
  let step = await open(plan.initialState(0, known));
  const decayAt = ema && averageDecay(ema);
  const losses: number[] = [];
  for (const [i, lr] of rates.entries()) {
    for (let part = 0; part < plan.batches; part++) {
      const number = i * plan.batches + part;
      const image = patternFill('1', `batch${number}`, [batch, features, 1, 1]);
      const labels = Int32Array.from({ length: batch }, (_, row) => (row * 2 + number) % classes);
      const feeds = { image, labels: tensorData('int32', [batch], labels) };
      const fetches = await step.batch(feeds, part, { lr, averageDecay: decayAt?.(i) });
      losses.push(fetches.loss!.data[0]!);
    }
    if (i !== reopenAfter) continue;
    const left = await step.readState();
    await step.dispose();
    step = await open(left);
  }
  const state = await step.readState();
  await step.dispose();
  return { losses, state };
}

/** Relative to the largest of the expected values. */
function deviation(actual: ArrayLike<number>, expected: readonly number[]): number {
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value))) / scale;
}

async function compare(one: Case, backend: ComputeBackend): Promise<void> {
  const { losses, state } = await trainedAs(one, backend);
  expect(deviation(losses, one.losses), 'losses').toBeLessThan(2e-5);
  for (const [name, expected] of Object.entries(one.state)) {
    expect(deviation(state.get(`student.${name}`)!.data, expected), name).toBeLessThan(5e-5);
  }
  for (const [name, expected] of Object.entries(one.average ?? {})) {
    // what is frozen has no average of its own
    const average = state.get(averageName(`student.${name}`)) ?? state.get(`student.${name}`)!;
    expect(deviation(average.data, expected), `average of ${name}`).toBeLessThan(5e-5);
  }
}

const targets = [
  { name: 'reference', backend: referenceBackend, missing: undefined },
  ...(await findTargets()),
];

describe.each(targets)('training steps of PyTorch on $name', ({ backend, missing }) => {
  test.for(golden.cases)('$name', { timeout: 60_000 }, async (one, { skip }) => {
    if (missing !== undefined) skip(missing);
    await compare(one, backend);
  });

  test('go on from a state to the bit', { timeout: 60_000 }, async ({ skip }) => {
    if (missing !== undefined) skip(missing);
    const one = golden.cases.at(-1)!;
    const whole = await trainedAs(one, backend);
    const resumed = await trainedAs(one, backend, { reopenAfter: 2 });
    expect(resumed.losses).toEqual(whole.losses);
    expect(resumed.state).toEqual(whole.state);
  });
});

test.each(golden.layerFactors)('rates fall through $model as in timm', ({ decay, parameters }) => {
  const factors = layerDecayFactors(parameters, decay);
  for (const { name, factor } of parameters) expect(factors.get(name), name).toBeCloseTo(factor, 12);
});
