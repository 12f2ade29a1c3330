import { defineSchedule, LimbeckError } from '@limbeck/core';
import {
  constantSchedule,
  cosine as cosineFactor,
  type Horizon,
  type LearningRateFactor,
  type LinearCourseOptions,
  linearCourse,
  linearWarmup as linearWarmupFactor,
  multiStep as multiStepFactor,
} from '@limbeck/nn';
import { z } from 'zod';

const constantOptions = z.strictObject({});

const multiStepOptions = z.strictObject({
  milestones: z.array(z.number().positive()).min(1).describe('epochs after which the rate falls'),
  gamma: z.number().positive().default(0.1).describe('factor at each milestone'),
});

const epoch = z.number().nonnegative();

const cosineOptions = z
  .strictObject({
    final: z.number().min(0).max(1).default(0).describe('factor at the end'),
    start: epoch.default(0).describe('epochs before it falls'),
    end: epoch.optional().describe('epochs after which it stays; absent: those of the run'),
  })
  .refine(({ start, end }) => end === undefined || start < end, {
    message: 'expected to lie after start',
    path: ['end'],
  });

const linearOptions = z
  .strictObject({
    start: epoch.default(0).describe('epochs before it begins to change'),
    end: epoch.describe('epochs after which it stays; may lie beyond the end of the run'),
    from: z.number().min(0).default(0).describe('factor up to start'),
    to: z.number().min(0).default(1).describe('factor from end on'),
    by: z
      .enum(['step', 'epoch'])
      .default('step')
      .describe("whether it changes with every step, or keeps the value of an epoch's last step"),
  })
  .refine(({ start, end }) => start < end, { message: 'expected to lie after start', path: ['end'] });

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
  description: 'falls along half a cosine to a final factor, over the run or between two epochs',
  options: cosineOptions,
  create: cosineFactor,
});

/** Changes linearly between two epochs, such as a warm-up of a loss's weight. */
export const linear = defineSchedule({
  id: 'linear',
  description: 'changes linearly between two epochs',
  options: linearOptions,
  create: (options: LinearCourseOptions, horizon) => linearCourse(options, horizon),
});

const following = z.preprocess(
  (use) => (typeof use === 'string' ? { use } : use),
  z.discriminatedUnion('use', [
    constantOptions.extend({ use: z.literal('constant') }),
    multiStepOptions.extend({ use: z.literal('multi-step') }),
    cosineOptions.safeExtend({ use: z.literal('cosine') }),
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
