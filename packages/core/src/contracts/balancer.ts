import type { Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import type { OptionSchema } from './contribution.js';

/** One term of the total, as a balancer sees it. */
export interface BalancedTerm {
  readonly name: string;
  /** The cross-entropy of the deployed model's logits, or what a distiller adds. */
  readonly role: 'task' | 'distillation';
  /** Scalar, without its weight. */
  readonly value: Tensor;
  /** Scalar: what configuration and schedules multiply it by in this step. */
  readonly weight: Tensor;
  /**
   * Gradients of the weighted value with respect to the parameters that more than one term trains: the same ones in the
   * same order for every term, zeros where it does not reach. Asking costs a backward pass of this term, which the update
   * then shares.
   */
  readonly gradients: readonly Tensor[];
}

/** What a balancer is given to be built into a step. */
export interface BalancerContext<Options> {
  /** Terms of weights above 0, the task first where it is among them; at least one. */
  readonly terms: readonly BalancedTerm[];
  readonly options: Options;
  /** Where its running values live: buffers, replaced with `m.update`. They are part of every checkpoint. */
  readonly m: Scope;
}

/**
 * Decides in every step how much each term of the loss counts, on top of the weights that are configured. No gradient
 * flows through its decisions, which are reported as `weight.<term>`.
 */
export interface Balancer<Options = unknown> {
  readonly id: string;
  readonly description: string;
  readonly cite?: string;
  readonly options?: OptionSchema<Options>;
  /**
   * Factors of the terms' weights, scalars by the terms' names; a term left out keeps its weight.
   *
   * @throws LimbeckError PRECONDITION where such terms cannot be balanced
   */
  balance(context: BalancerContext<Options>): Readonly<Record<string, Tensor>>;
}

/** Declares a balancer; the identity function, with types. */
export function defineBalancer<Options>(balancer: Balancer<Options>): Balancer<Options> {
  return balancer;
}
