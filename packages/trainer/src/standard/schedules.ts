import { defineSchedule, LimbeckError } from '@limbeck/core';
import {
  constantSchedule,
  cosine as cosineFactor,
  type Horizon,
  type LearningRateFactor,
  linearWarmup as linearWarmupFactor,
  multiStep as multiStepFactor,
} from '@limbeck/nn';
import { z } from 'zod';

const constantOptions = z.strictObject({});

const multiStepOptions = z.strictObject({
  milestones: z.array(z.number().positive()).min(1).describe('epochs after which the rate falls'),
  gamma: z.number().positive().default(0.1).describe('factor at each milestone'),
});

const cosineOptions = z.strictObject({
  final: z.number().min(0).max(1).default(0).describe('factor at the end of the run'),
});

/** The learning rate stays as it is. */
export const constant = defineSchedule({
  id: 'constant',
  description: 'the learning rate stays as it is',
  options: constantOptions,
  create: constantSchedule,
});

/** Multiplied by `gamma` after each milestone. */
export const multiStep = defineSchedule({
  id: 'multi-step',
  description: 'multiplied by gamma after each milestone',
  options: multiStepOptions,
  create: multiStepFactor,
});

/** Falls along half a cosine. */
export const cosine = defineSchedule({
  id: 'cosine',
  description: 'falls along half a cosine to final times the learning rate',
  options: cosineOptions,
  create: cosineFactor,
});

const following = z.preprocess(
  (use) => (typeof use === 'string' ? { use } : use),
  z.discriminatedUnion('use', [
    constantOptions.extend({ use: z.literal('constant') }),
    multiStepOptions.extend({ use: z.literal('multi-step') }),
    cosineOptions.extend({ use: z.literal('cosine') }),
  ]),
);

function follow(after: z.output<typeof following>, rest: Horizon): LearningRateFactor {
  switch (after.use) {
    case 'constant':
      return constantSchedule();
    case 'multi-step':
      return multiStepFactor(after, rest);
    case 'cosine':
      return cosineFactor(after, rest);
  }
}

/** Rises linearly, then follows another schedule, whose epochs count from the end of the warm-up. */
export const linearWarmup = defineSchedule({
  id: 'linear-warmup',
  description: 'rises linearly over some epochs, then follows another schedule',
  options: z.strictObject({
    epochs: z.number().positive().default(5).describe('length of the rise'),
    from: z.number().min(0).max(1).default(0).describe('factor it starts from'),
    after: following
      .default({ use: 'constant' })
      .describe('the schedule that follows, its epochs counted anew'),
  }),
  create({ epochs, from, after }, horizon) {
    if (epochs >= horizon.epochs) {
      throw new LimbeckError(
        'PRECONDITION',
        `a warm-up of ${epochs} epochs does not fit into a run of ${horizon.epochs}`,
        { hint: 'shorten schedule.epochs or lengthen the run' },
      );
    }
    return linearWarmupFactor({ epochs, from }, horizon, (rest) => follow(after, rest));
  },
});
