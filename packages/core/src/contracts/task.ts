import type { Tensor } from '@limbeck/graph';
import type { OptionSchema } from './contribution.js';
import type { BatchTargets, TargetKind } from './targets.js';

/** What a task is given to be built into a step. */
export interface TaskContext<Options> {
  /** `[N, classes]`: of the model that will be deployed. */
  readonly logits: Tensor;
  /** Of one of the kinds the task learns from. */
  readonly targets: BatchTargets;
  readonly classes: number;
  readonly options: Options;
}

/**
 * What the student learns from the targets themselves, besides what its teachers tell: the loss of the deployed model's
 * logits.
 *
 * @example
 * defineTask({
 *   id: 'mean-squared-error',
 *   description: 'squared distance of the logits from the targets',
 *   term: 'mse',
 *   targets: ['soft', 'multi-hot'],
 *   loss: ({ logits, targets }) =>
 *     targets.kind === 'none' ? undefined : mean(square(sub(logits, targets.values))),
 * });
 */
export interface Task<Options = unknown> {
  readonly id: string;
  readonly description: string;
  readonly cite?: string;
  readonly options?: OptionSchema<Options>;
  /** What its loss is called in reports: `ce`. */
  readonly term: string;
  /** Kinds of targets it learns from; data with others is refused. Empty: it reads none, and takes data of every kind. */
  readonly targets: readonly TargetKind[];
  /**
   * A scalar, the mean over the batch; undefined where nothing is learnt from targets.
   *
   * @throws LimbeckError SHAPE_MISMATCH where options do not fit the classes
   */
  loss(context: TaskContext<Options>): Tensor | undefined;
}

/** Declares a task; the identity function, with types. */
export function defineTask<Options>(task: Task<Options>): Task<Options> {
  return task;
}
