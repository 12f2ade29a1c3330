import type { Tensor } from '@limbeck/graph';
import type { TrainedParameter } from '@limbeck/nn';
import type { OptionSchema } from './contribution.js';

/** What a gradient transform is built with. */
export interface TransformContext<Options> {
  /** Parameters that are trained with their gradients as the transform before left them; at least one. */
  readonly parameters: readonly TrainedParameter[];
  readonly options: Options;
  /**
   * A value the transform keeps from step to step, 0 at the start of every phase and part of every checkpoint.
   *
   * @param name letters, digits and dots; the place of the transform in the chain is put in front
   */
  state(name: string, shape: readonly number[]): Tensor;
}

/** What a gradient transform gives. */
export interface TransformedGradients {
  /** New gradients in the order of the parameters, shaped as before. */
  readonly gradients: readonly Tensor[];
  /** New values of what {@link TransformContext.state} made; what is not named keeps its value. */
  readonly updates?: readonly { readonly state: Tensor; readonly next: Tensor }[];
}

/**
 * Changes gradients on their way to the optimiser, as nodes of the step's graph. Transforms are chained: each gets what the
 * one before gives. With several batches a step they see the mean of the batches' gradients, once a step.
 */
export interface GradientTransform<Options = unknown> {
  readonly id: string;
  readonly description: string;
  readonly cite?: string;
  readonly options?: OptionSchema<Options>;
  transform(context: TransformContext<Options>): TransformedGradients;
}

/**
 * Declares a gradient transform; the identity function, with types.
 *
 * @example
 * export const halve = defineGradientTransform({
 *   id: 'halve',
 *   description: 'half of every gradient',
 *   transform: ({ parameters }) => ({ gradients: parameters.map(({ gradient }) => mul(gradient, 0.5)) }),
 * });
 */
export function defineGradientTransform<Options>(
  transform: GradientTransform<Options>,
): GradientTransform<Options> {
  return transform;
}
