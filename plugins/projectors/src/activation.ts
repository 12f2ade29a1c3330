import { relu, type Tensor } from '@limbeck/graph';
import { z } from 'zod';

/** What is applied to a projector's result. */
export const activation = z.enum(['none', 'relu']).default('none').describe('applied to the result');

/** @param x any shape */
export const activate = (x: Tensor, name: z.infer<typeof activation>): Tensor =>
  name === 'relu' ? relu(x) : x;
