import { defineOptimizer } from '@limbeck/core';
import { adamw as adamwUpdate, sgd as sgdUpdate } from '@limbeck/nn';
import { z } from 'zod';

const decay = z.number().nonnegative();

/** Stochastic gradient descent as PyTorch defines it. */
export const sgd = defineOptimizer({
  id: 'sgd',
  description: 'stochastic gradient descent with momentum',
  options: z
    .strictObject({
      momentum: z.number().min(0).lt(1).default(0).describe('share of the previous update kept'),
      nesterov: z.boolean().default(false).describe('look ahead along the momentum'),
      weightDecay: decay.default(0).describe('L2 penalty added to the gradient'),
    })
    .refine(({ nesterov, momentum }) => !nesterov || momentum > 0, {
      message: 'needs a momentum above 0',
      path: ['nesterov'],
    }),
  update: (parameters, lr, options) => sgdUpdate(parameters, lr, options),
});

/** Adam with decoupled weight decay. */
export const adamw = defineOptimizer({
  id: 'adamw',
  description: 'Adam with decoupled weight decay',
  cite: 'arXiv:1711.05101',
  options: z.strictObject({
    betas: z
      .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
      .default([0.9, 0.999])
      .describe('decay rates of the two moments'),
    epsilon: z.number().positive().default(1e-8).describe('keeps the denominator above zero'),
    weightDecay: decay.default(0.01).describe('decoupled: p -= lr * decay * p'),
  }),
  update: (parameters, lr, options) => adamwUpdate(parameters, lr, options),
});
