import { mul, type Tensor } from '@limbeck/graph';
import type { Variable } from '../trace.js';

/** A parameter with its gradient, and what its group changes. */
export interface TrainedParameter {
  readonly variable: Variable;
  readonly gradient: Tensor;
  /** The gradient's parts, for optimisers that need them apart. A role that does not reach the parameter has none. */
  readonly byRole?: GradientsByRole;
  /** Multiplies the learning rate. */
  readonly lrFactor: number;
  /** Overrides the optimiser's weight decay where given. */
  readonly weightDecay?: number;
}

/** Gradients of what a step minimises: of the task's terms, and of the distillers'. */
export interface GradientsByRole {
  readonly task?: Tensor;
  readonly distillation?: Tensor;
}

/** The learning rate of a parameter. */
export const rateOf = ({ lrFactor }: TrainedParameter, lr: Tensor): Tensor =>
  lrFactor === 1 ? lr : mul(lr, lrFactor);

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
  /** Default 1. With 0 the group is frozen, running statistics included. */
  readonly lrFactor?: number;
  readonly weightDecay?: number;
}

/** The group of a state name: the first whose pattern fits. */
export function findGroup(
  groups: readonly ParameterGroup[],
): (stateName: string) => ParameterGroup | undefined {
  const patterns = groups.map((group) => ({ group, pattern: new RegExp(group.match) }));
  return (stateName) => patterns.find(({ pattern }) => pattern.test(stateName))?.group;
}

/**
 * Joins gradients and groups to variables.
 *
 * @param layerFactors further factors of the learning rate by state name, as {@link layerDecayFactors} gives them; 1
 * where a name is missing
 */
export function groupParameters(
  variables: readonly Variable[],
  gradients: readonly Tensor[],
  groups: readonly ParameterGroup[] = [],
  layerFactors: ReadonlyMap<string, number> = new Map(),
): TrainedParameter[] {
  const groupOf = findGroup(groups);
  return variables.map((variable, i) => {
    const group = groupOf(variable.stateName);
    return {
      variable,
      gradient: gradients[i]!,
      lrFactor: (group?.lrFactor ?? 1) * (layerFactors.get(variable.stateName) ?? 1),
      ...(group?.weightDecay === undefined ? {} : { weightDecay: group.weightDecay }),
    };
  });
}
