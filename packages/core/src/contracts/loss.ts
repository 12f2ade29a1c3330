import type { Tensor } from '@limbeck/graph';
import type { OptionSchema } from './contribution.js';

/** A distance between a student's and a teacher's features or logits: tensors of the same shape to a scalar. */
export interface Loss<Options = unknown> {
  readonly id: string;
  readonly description: string;
  readonly cite?: string;
  readonly options?: OptionSchema<Options>;
  value(student: Tensor, teacher: Tensor, options: Options): Tensor;
}

/** Declares a loss; the identity function, with types. */
export function defineLoss<Options>(loss: Loss<Options>): Loss<Options> {
  return loss;
}
