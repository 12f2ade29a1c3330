import type { Tensor } from '@limbeck/graph';
import type { Horizon, LearningRateFactor, OptimizerStep, TrainedParameter } from '@limbeck/nn';
import type { OptionSchema } from './contribution.js';

/** Turns gradients into updates, as nodes of the step's graph. */
export interface Optimizer<Options = unknown> {
  readonly id: string;
  readonly description: string;
  readonly cite?: string;
  readonly options?: OptionSchema<Options>;
  /**
   * True where it needs the gradients of the task and of distillation apart: `TrainedParameter.byRole`. Gradient transforms,
   * balancers and several batches a step are refused beside it. Default false.
   */
  readonly byRole?: boolean;
  /** @param lr the learning rate of the step, a scalar input of the program */
  update(parameters: readonly TrainedParameter[], lr: Tensor, options: Options): OptimizerStep;
}

/** Declares an optimiser; the identity function, with types. */
export function defineOptimizer<Options>(optimizer: Optimizer<Options>): Optimizer<Options> {
  return optimizer;
}

/** The course of the learning rate over a run, as a factor of the optimiser's `lr`. */
export interface Schedule<Options = unknown> {
  readonly id: string;
  readonly description: string;
  readonly options?: OptionSchema<Options>;
  create(options: Options, horizon: Horizon): LearningRateFactor;
}

/** Declares a schedule; the identity function, with types. */
export function defineSchedule<Options>(schedule: Schedule<Options>): Schedule<Options> {
  return schedule;
}
