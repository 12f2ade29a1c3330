import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineGradientTransform } from '@limbeck/core';
import { readSafetensors } from '@limbeck/formats';
import { mul, print, reshape, sub, type Tensor } from '@limbeck/graph';
import { referenceBackend } from '@limbeck/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { planStudent } from '../programs/student.js';
import type { RunEvent } from '../run/events.js';
import type { RunSpec } from '../run/run-spec.js';
import type { UpdateRules } from '../run/update-rules.js';
import { clipByGlobalNorm, clipByValue } from '../standard/gradient-transforms.js';
import { dot, lamb, sgd } from '../standard/optimizers.js';
import { latestCheckpoint } from '../store/checkpoint/load.js';
import { outcomeOf, temporaryFolder } from '../testing/run-files.js';
import { toySpec } from '../testing/toy-run.js';
import { train } from './loop.js';

const root = temporaryFolder();
let runs = 0;
const newFolder = () => join(root.path, `run-${runs++}`);
afterAll(() => root.remove());

const spec = (changes: Partial<RunSpec> = {}) => toySpec(referenceBackend, { epochs: 2, ...changes });

/** Trains; gives the events, the deployed student and the state of the last checkpoint. */
async function trained(what: RunSpec) {
  const folder = newFolder();
  const events: RunEvent[] = [];
  const result = await train(what, { folder, onEvent: (event) => events.push(event) });
  const bytes = readFileSync(join(folder, 'student.safetensors'));
  const checkpoint = latestCheckpoint(join(folder, 'checkpoints'), () => undefined);
  const { tensors } = readSafetensors(bytes, { source: 'student' });
  return { folder, events, result, student: tensors, state: checkpoint!.state };
}

/** Halves gradients in every other step, and counts. */
const alternating = defineGradientTransform({
  id: 'alternating',
  description: 'halves gradients in every other step',
  transform({ parameters, state }) {
    const odd = state('odd', []);
    const factor = sub(1, mul(odd, 0.5));
    return {
      gradients: parameters.map(({ gradient }) => mul(gradient, factor)),
      updates: [{ state: odd, next: sub(1, odd) }],
    };
  },
});

const everything: Partial<RunSpec> = {
  data: { ...spec().data, batchSize: 4 },
  optimizer: { contribution: lamb, options: { weightDecay: 0.01 } },
  accumulate: 2,
  transforms: [
    { contribution: clipByValue, options: { maxValue: 0.5 } },
    { contribution: alternating, options: undefined },
    { contribution: clipByGlobalNorm, options: { maxNorm: 0.1 } },
  ],
  ema: { decay: 0.7, warmup: true, deploy: true },
  layerDecay: 0.8,
  freeze: ['^student\\.bn1\\.'],
  checkpoint: { everyEpochs: 1, everySteps: 1, keep: { last: 2, best: true } },
};

describe('a run with every rule', () => {
  it('ends as if it had not been stopped, wherever it is', async () => {
    const { folder, result } = await trained(spec(everything));
    const expected = outcomeOf(folder);
    for (let step = 1; step <= result.steps; step++) {
      const other = newFolder();
      let done = 0;
      const stop = () => done >= step;
      const onEvent = (event: RunEvent) => {
        if (event.type === 'step') done = event.step;
      };
      await expect(train(spec(everything), { folder: other, stop, onEvent })).rejects.toMatchObject({
        code: 'INTERRUPTED',
      });
      await train(spec(everything), { folder: other, resume: true });
      expect(outcomeOf(other), `stopped after step ${step}`).toEqual(expected);
    }
  });

  it('cannot go on as another run', async () => {
    const folder = newFolder();
    await expect(train(spec(everything), { folder, stop: () => true })).rejects.toThrow(/interrupted/);
    const other = spec({ ...everything, ema: { decay: 0.8, warmup: true, deploy: true } });
    await expect(train(other, { folder, resume: true })).rejects.toThrow(/ema\.decay: 0\.7, now 0\.8/);
  });
});

describe('several batches a step', () => {
  it('steps, events and schedules count optimiser steps; batches left over are left out', async () => {
    const what = spec({ data: { ...spec().data, batchSize: 5 }, accumulate: 2 });
    const { events, result } = await trained(what);
    // 24 images: 4 batches of 5, 2 steps
    expect(events[0]).toMatchObject({ type: 'start', stepsPerEpoch: 2, batchSize: 5, batchesPerStep: 2 });
    const steps = events.filter((event) => event.type === 'step');
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(steps.map(({ lr }) => lr)).toEqual(
      [0, 1, 2, 3].map((i) => 0.05 * (1 + Math.cos((Math.PI * i) / 4))),
    );
    expect(result.steps).toBe(4);
  });

  it('no optimiser is part of what a batch computes', () => {
    const { program, update } = planStudent(spec(everything));
    const kept = program.state.map(({ name }) => name);
    expect(kept.filter((name) => /^(optimizer|transforms|average)\./.test(name))).toEqual([]);
    expect(update!.state.some(({ name }) => name.startsWith('optimizer.'))).toBe(true);
    expect(update!.inputs.some(({ attributes }) => attributes.name === 'image')).toBe(false);
  });

  it('more batches than an epoch has are refused', async () => {
    await expect(trained(spec({ accumulate: 4 }))).rejects.toThrow(
      'an epoch has 3 batches, and accumulate asks for 4 in each optimiser step',
    );
  });

  it.each([0, 1.5])('%d batches are refused', async (accumulate) => {
    await expect(trained(spec({ accumulate }))).rejects.toThrow(/is not possible/);
  });
});

describe('the average of the weights', () => {
  const ema = { decay: 0.9, warmup: false, deploy: true };

  it('is what is deployed and chosen by, running statistics included', async () => {
    const { student, state, result } = await trained(spec({ ema }));
    for (const [name, value] of student) {
      expect(value.data, name).toEqual(state.get(`average.student.${name}`)!.data);
      expect(value.data, name).not.toEqual(state.get(`student.${name}`)!.data);
    }
    const plain = await trained(spec());
    expect(result.last).not.toEqual(plain.result.last);
  });

  it('changes nothing about training', async () => {
    const { state, result, student } = await trained(spec({ ema: { ...ema, deploy: false } }));
    const plain = await trained(spec());
    for (const [name, value] of plain.state) expect(state.get(name)!.data, name).toEqual(value.data);
    expect(student).toEqual(plain.student);
    expect(result.last).toEqual(plain.result.last);
    expect(state.has('average.student.fc.weight')).toBe(true);
  });
});

describe('what is frozen', () => {
  const started = () => {
    const plan = planStudent(spec());
    return plan.initialState(spec().seed);
  };

  it.each<[string, UpdateRules]>([
    ['freeze', { freeze: ['^student\\.(conv1|bn1)\\.'] }],
    ['a group with a factor of 0', { groups: [{ match: '^student\\.(conv1|bn1)\\.', lrFactor: 0 }] }],
    ['patterns of parameters alone', { freeze: ['(conv1|bn1)\\.(weight|bias)$'] }],
  ])('by %s keeps its values, running statistics included', async (_, rules) => {
    const { state } = await trained(spec(rules));
    const start = started();
    const names = ['conv1.weight', 'bn1.weight', 'bn1.bias', 'bn1.running_mean', 'bn1.running_var'];
    for (const name of names) {
      expect(state.get(`student.${name}`)!.data, name).toEqual(start.get(`student.${name}`)!.data);
    }
    expect(state.get('student.fc.weight')!.data).not.toEqual(start.get('student.fc.weight')!.data);
    expect(
      [...state.keys()].filter((name) => name.startsWith('optimizer.') && name.includes('conv1')),
    ).toEqual([]);
  });

  it('both ways give the same bits', async () => {
    const one = await trained(spec({ freeze: ['bn1'] }));
    const other = await trained(spec({ groups: [{ match: 'bn1', lrFactor: 0 }] }));
    expect(outcomeOf(one.folder)).toEqual(outcomeOf(other.folder));
  });

  it('has to have a name that is there, and must not be everything', async () => {
    await expect(trained(spec({ freeze: ['student.layer9'] }))).rejects.toThrow(
      /nothing of the run has a name that freeze 'student\.layer9' fits/,
    );
    await expect(trained(spec({ freeze: ['.'] }))).rejects.toThrow(/no parameter is trained/);
  });
});

describe('the program of a step', () => {
  const printed = (rules: UpdateRules) => print(planStudent(spec(rules)).program);

  it('is the same without rules and with rules that ask for nothing', () => {
    expect(printed({ transforms: [], accumulate: 1, freeze: [], groups: [] })).toBe(printed({}));
  });

  it.each([
    [{ id: 'short', transform: () => ({ gradients: [] }) }, /'short' gives 0 gradients for \d+ parameters/],
    [
      {
        id: 'misshapen',
        transform: ({ parameters }: { parameters: readonly { gradient: Tensor }[] }) => ({
          gradients: parameters.map(({ gradient }) =>
            reshape(gradient, [gradient.shape.reduce((a, b) => a * b, 1)]),
          ),
        }),
      },
      /'misshapen' gives \[27\] for 'student\.conv1\.weight' \[3, 1, 3, 3\]/,
    ],
  ])('refuses transforms that give other gradients', (transform, message) => {
    const contribution = { ...transform, description: 'wrong' } as never;
    expect(() => printed({ transforms: [{ contribution, options: undefined }] })).toThrow(message);
  });
});

describe('distillation-oriented training', () => {
  const withDot = (delta: number, changes: Partial<RunSpec> = {}) =>
    spec({
      optimizer: { contribution: dot, options: { momentum: 0.9, delta, weightDecay: 1e-4 } },
      ...changes,
    });

  it('is plain SGD without a distance between its momenta, and something else with one', async () => {
    const plain = { contribution: sgd, options: { momentum: 0.9, nesterov: false, weightDecay: 1e-4 } };
    const [expected, same, other] = [spec({ optimizer: plain }), withDot(0), withDot(0.075)];
    const weights = async (what: RunSpec) => (await trained(what)).student.get('conv1.weight')!.data;
    const [a, b, c] = [await weights(expected), await weights(same), await weights(other)];
    expect([...b]).toEqual([...a].map((x) => expect.closeTo(x, 4)));
    expect(Math.max(...c.map((x, i) => Math.abs(x - a[i]!)))).toBeGreaterThan(1e-3);
  });

  it('ends as if it had not been stopped', async () => {
    const what = withDot(0.075, {
      checkpoint: { everyEpochs: 1, everySteps: 1, keep: { last: 2, best: true } },
    });
    const { folder, state } = await trained(what);
    expect([...state.keys()].filter((name) => name.startsWith('optimizer.')).sort()).toEqual(
      expect.arrayContaining([
        'optimizer.distillation.student.conv1.weight',
        'optimizer.task.student.conv1.weight',
      ]),
    );
    const other = newFolder();
    let done = 0;
    const onEvent = (event: RunEvent) => {
      if (event.type === 'step') done = event.step;
    };
    await expect(train(what, { folder: other, stop: () => done >= 2, onEvent })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    await train(what, { folder: other, resume: true });
    expect(outcomeOf(other)).toEqual(outcomeOf(folder));
  });

  it('is refused beside what sees one gradient only, all of it named', () => {
    const transforms = [{ contribution: clipByValue, options: { maxValue: 1 } }];
    expect(() => planStudent(withDot(0.075, { transforms, accumulate: 2 }))).toThrow(
      "optimiser 'dot' takes the gradients of task and distillation apart, which gradient transform 'clip-by-value' and 2 batches a step cannot",
    );
  });
});
