import { noTargets } from '@limbeck/core';
import type { Feeds } from '@limbeck/core/backend';
import { tensorData } from '@limbeck/graph';
import { describe, expect, it } from 'vitest';
import type { StepPlan } from '../programs/student.js';
import { refuseNonFinite, Stepper } from './step.js';

const place = { step: 3, epoch: 2, lr: 0.1 };
const f32 = (shape: readonly number[], ...values: number[]) =>
  tensorData('float32', shape, Float32Array.from(values));

/** One step whose compiled program gives `fetches` and whose teacher gives `features`. */
async function stepOf(fetches: Feeds, features: Feeds) {
  const plan = { batches: 1, weights: new Map([['ce', 1]]) } as unknown as StepPlan;
  const student = {
    inputs: new Set<string>(),
    batch: async () => fetches,
    readState: async () => new Map(),
    replace: async () => undefined,
    dispose: async () => undefined,
  };
  const source = { teacher: 'wise', features: async () => features, dispose: async () => undefined };
  const batch = { feeds: {}, images: {}, indices: Int32Array.of(0), epoch: 0, targets: noTargets };
  const stepper = new Stepper(plan, { student, sources: [source] });
  return stepper.run({ lr: 0.1, factors: new Map(), batch: async () => batch });
}

const fetched = (loss: number, logit: number) => ({
  loss: f32([], loss),
  'loss.ce': f32([], loss),
  logits: f32([1, 2], 0, logit),
});
const sound = { 'wise.logits': f32([1, 2], 1, 2) };
const unsound = { 'wise.logits': f32([1, 2], 1, Number.NaN) };

describe('values of a step that are not finite', () => {
  it('are none where losses, weights and logits are finite', async () => {
    const result = await stepOf(fetched(1, 2), sound);
    expect(() => refuseNonFinite(result, place)).not.toThrow();
  });

  it('are noticed in logits whose loss is finite', async () => {
    const result = await stepOf(fetched(1, Number.NaN), sound);
    expect(() => refuseNonFinite(result, place)).toThrow(
      "the student's logits hold NaN at step 3 (epoch 2) with learning rate 0.1",
    );
  });

  it.each([
    ['a loss', fetched(Number.NaN, 0)],
    ['logits', fetched(1, Number.POSITIVE_INFINITY)],
  ])('are blamed on the teacher, by name, before the learning rate: %s', async (_, fetches) => {
    const result = await stepOf(fetches, unsound);
    expect(() => refuseNonFinite(result, place)).toThrow(
      "'wise.logits' of teacher 'wise' holds a value that is not finite at step 3 (epoch 2)",
    );
  });
});
