import type { Tensor } from '@limbeck/graph';
import type { Variable } from '../trace.js';

/** A parameter with its gradient, and what its group changes. */
export interface TrainedParameter {
  readonly variable: Variable;
  readonly gradient: Tensor;
  /** Multiplies the learning rate. */
  readonly lrFactor: number;
  /** Overrides the optimiser's weight decay where given. */
  readonly weightDecay?: number;
}

/** One step of an optimiser as graph nodes. */
export interface OptimizerStep {
  /** New values by state name: parameters and the optimiser's own state. */
  readonly updates: ReadonlyMap<string, Tensor>;
  /** The optimiser's own state, zero at the start, by state name. */
  readonly slots: readonly Tensor[];
}

/** Parameters that share settings of their own; the first group whose pattern fits a state name counts. */
export interface ParameterGroup {
  /** Regular expression over state names, e.g. `\\.bias$`. */
  readonly match: string;
  /** Default 1. */
  readonly lrFactor?: number;
  readonly weightDecay?: number;
}

/** Joins gradients and groups to variables. */
export function groupParameters(
  variables: readonly Variable[],
  gradients: readonly Tensor[],
  groups: readonly ParameterGroup[] = [],
): TrainedParameter[] {
  const patterns = groups.map((group) => ({ ...group, pattern: new RegExp(group.match) }));
  return variables.map((variable, i) => {
    const group = patterns.find(({ pattern }) => pattern.test(variable.stateName));
    return {
      variable,
      gradient: gradients[i]!,
      lrFactor: group?.lrFactor ?? 1,
      ...(group?.weightDecay === undefined ? {} : { weightDecay: group.weightDecay }),
    };
  });
}
