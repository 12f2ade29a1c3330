import { defineGradientTransform } from '@limbeck/core';
import { clipByGlobalNorm as byGlobalNorm, clipByValue as byValue, type TrainedParameter } from '@limbeck/nn';
import { z } from 'zod';

const gradientsOf = (parameters: readonly TrainedParameter[]) => parameters.map(({ gradient }) => gradient);

/** Scales all gradients by one factor where their common length is too large. */
export const clipByGlobalNorm = defineGradientTransform({
  id: 'clip-by-global-norm',
  description: 'scales all gradients by one factor so that their common norm stays below a bound',
  cite: 'arXiv:1211.5063',
  options: z.strictObject({
    maxNorm: z.number().positive().describe('largest Euclidean norm of all gradients together'),
  }),
  transform: ({ parameters, options: { maxNorm } }) => ({
    gradients: byGlobalNorm(gradientsOf(parameters), maxNorm),
  }),
});

/** Cuts every element of every gradient. */
export const clipByValue = defineGradientTransform({
  id: 'clip-by-value',
  description: 'cuts every element of every gradient to an interval around 0',
  options: z.strictObject({
    maxValue: z.number().positive().describe('largest absolute value of an element'),
  }),
  transform: ({ parameters, options: { maxValue } }) => ({
    gradients: byValue(gradientsOf(parameters), maxValue),
  }),
});
