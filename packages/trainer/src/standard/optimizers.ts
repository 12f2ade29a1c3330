import { defineOptimizer } from '@limbeck/core';
import { adamw as adamwUpdate, dot as dotUpdate, lamb as lambUpdate, sgd as sgdUpdate } from '@limbeck/nn';
import { z } from 'zod';

const decay = z.number().nonnegative();

const betas = z
  .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
  .default([0.9, 0.999])
  .describe('decay rates of the two moments');

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
    betas,
    epsilon: z.number().positive().default(1e-8).describe('keeps the denominator above zero'),
    weightDecay: decay.default(0.01).describe('decoupled: p -= lr * decay * p'),
  }),
  update: (parameters, lr, options) => adamwUpdate(parameters, lr, options),
});

/** Adam's direction with the length of the parameter, for large batches. */
export const lamb = defineOptimizer({
  id: 'lamb',
  description: "Adam's direction, as long as the parameter it moves, for large batches",
  cite: 'arXiv:1904.00962',
  options: z.strictObject({
    betas,
    epsilon: z.number().positive().default(1e-6).describe('keeps the denominator above zero'),
    weightDecay: decay.default(0.01).describe('added to the direction before its length is taken'),
    maxTrust: z
      .number()
      .positive()
      .optional()
      .describe('upper bound of the ratio of the two lengths; absent: none, as published'),
  }),
  update: (parameters, lr, options) => lambUpdate(parameters, lr, options),
});

/** Two momenta: a lower one for the task's gradient and a higher one for that of distillation. */
export const dot = defineOptimizer({
  id: 'dot',
  description: 'distillation-oriented training: momenta of their own for task and distillation',
  cite: 'doi:10.1109/ICCV51070.2023.00583',
  options: z
    .strictObject({
      momentum: z.number().min(0).lt(1).default(0.9).describe('in the middle of the two'),
      delta: z
        .number()
        .min(0)
        .default(0.075)
        .describe('above it for distillation, below it for the task; 0.09 on ImageNet'),
      weightDecay: decay.default(0).describe("L2 penalty added to the task's gradient"),
    })
    .refine(({ momentum, delta }) => delta <= momentum && momentum + delta < 1, {
      message: 'leaves no momentum in [0, 1): choose a smaller delta',
      path: ['delta'],
    }),
  byRole: true,
  update: (parameters, lr, options) => dotUpdate(parameters, lr, options),
});
