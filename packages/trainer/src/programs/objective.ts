import { type Balancer, LimbeckError, type Schedule } from '@limbeck/core';
import {
  add,
  broadcastTo,
  formatShape,
  type Graph,
  mul,
  reachedGradients,
  stopGradient,
  type Tensor,
} from '@limbeck/graph';
import { type GradientsByRole, Scope, type Trace, type Variable } from '@limbeck/nn';
import type { Chosen } from '../run/choices.js';

/** A loss term with its weight, and what changes the weight over the run. */
export interface Term {
  readonly weight: number;
  readonly value: Tensor;
  /** Default `distillation`. */
  readonly role?: 'task' | 'distillation';
  /** Factors of the weight, multiplied. */
  // biome-ignore lint/suspicious/noExplicitAny: every schedule brings an option type of its own
  readonly schedules: readonly Chosen<Schedule<any>>[];
}

/** Input that brings the factor of a term whose weight is scheduled. */
export const scheduleInput = (term: string): string => `schedule.${term}`;

/** Output that tells the weight a balancer gave a term in a step. */
export const weightOutput = (term: string): string => `weight.${term}`;

/** What a step minimises. */
export interface Objective {
  /** Scalar: the weighted sum. */
  readonly total: Tensor;
  /** Parameters that a gradient reaches. */
  readonly trained: readonly Variable[];
  /** Of the total, for each of {@link Objective.trained}. */
  readonly gradients: readonly Tensor[];
  /** Parts of each of {@link Objective.gradients}; absent where they are not taken apart. */
  readonly byRole?: readonly GradientsByRole[];
  /** Weight of every term in this step, where a balancer decides; else empty. */
  readonly decisions: ReadonlyMap<string, Tensor>;
}

interface WeightedTerm {
  readonly name: string;
  readonly value: Tensor;
  readonly role: 'task' | 'distillation';
  /** Value times weight. */
  readonly weighted: Tensor;
  readonly weight: Tensor;
}

/**
 * Adds terms up and takes the gradients.
 *
 * @param candidates parameters that may be trained
 * @param balance who decides about the weights in every step, and where its values live
 * @param byRole take the gradients of task and distillation apart
 */
export function objectiveOf(
  graph: Graph,
  terms: ReadonlyMap<string, Term>,
  candidates: readonly Variable[],
  // biome-ignore lint/suspicious/noExplicitAny: every balancer brings an option type of its own
  balance?: Chosen<Balancer<any>> & { readonly trace: Trace },
  { byRole = false }: { readonly byRole?: boolean | undefined } = {},
): Objective {
  const weighted = [...terms].flatMap(([name, term]) =>
    term.weight === 0 ? [] : [weigh(graph, name, term)],
  );
  if (weighted.length === 0) {
    throw new LimbeckError('PRECONDITION', 'every loss term has weight 0, so there is nothing to train', {
      hint: 'give task.weight or a distiller weight above 0',
    });
  }
  if (balance !== undefined) return balanced(weighted, candidates, balance);
  const total = sumOf(weighted.map((term) => term.weighted));
  if (byRole) return { total, ...takenApart(weighted, candidates), decisions: new Map() };
  const reached = reachedGradients(
    total,
    candidates.map(({ tensor }) => tensor),
  );
  const trained = candidates.filter(({ tensor }) => reached.has(tensor));
  return {
    total,
    trained,
    gradients: trained.map(({ tensor }) => reached.get(tensor)!),
    decisions: new Map(),
  };
}

/** Gradients of the terms of each role, and of both. */
function takenApart(
  weighted: readonly WeightedTerm[],
  candidates: readonly Variable[],
): Required<Pick<Objective, 'trained' | 'gradients' | 'byRole'>> {
  const tensors = candidates.map(({ tensor }) => tensor);
  const of = (role: WeightedTerm['role']): ReadonlyMap<Tensor, Tensor> => {
    const own = weighted.filter((term) => term.role === role);
    return own.length === 0 ? new Map() : reachedGradients(sumOf(own.map((term) => term.weighted)), tensors);
  };
  const [task, distillation] = [of('task'), of('distillation')];
  const trained = candidates.filter(({ tensor }) => task.has(tensor) || distillation.has(tensor));
  const byRole = trained.map(({ tensor }) => ({
    ...(task.has(tensor) && { task: task.get(tensor)! }),
    ...(distillation.has(tensor) && { distillation: distillation.get(tensor)! }),
  }));
  return { trained, byRole, gradients: byRole.map((parts) => sumOf(Object.values(parts))) };
}

function weigh(
  graph: Graph,
  name: string,
  { weight, value, schedules, role = 'distillation' }: Term,
): WeightedTerm {
  const configured = graph.scalar(weight);
  if (schedules.length === 0) {
    return { name, role, value, weight: configured, weighted: weight === 1 ? value : mul(value, weight) };
  }
  const now = mul(graph.input(scheduleInput(name), []), configured);
  return { name, role, value, weight: now, weighted: mul(value, now) };
}

const sumOf = (values: readonly Tensor[]): Tensor => values.reduce((sum, value) => add(sum, value));

function balanced(
  weighted: readonly WeightedTerm[],
  candidates: readonly Variable[],
  // biome-ignore lint/suspicious/noExplicitAny: every balancer brings an option type of its own
  { contribution, options, trace }: Chosen<Balancer<any>> & { readonly trace: Trace },
): Objective {
  const tensors = candidates.map(({ tensor }) => tensor);
  // a backward pass for each term is dear: only where the balancer looks
  const taken: { reached?: readonly ReadonlyMap<Tensor, Tensor>[] } = {};
  const reachedByTerm = () => {
    taken.reached ??= weighted.map((term) => reachedGradients(term.weighted, tensors));
    return taken.reached;
  };
  const shared = () => {
    const all = reachedByTerm();
    return tensors.filter((tensor) => all.filter((reached) => reached.has(tensor)).length > 1);
  };
  const m = new Scope(trace).in(contribution.id);
  const factors = m.scoped(() =>
    contribution.balance({
      m,
      options,
      terms: weighted.map(({ name, role, value, weight }, i) => ({
        name,
        role,
        value: stopGradient(value),
        weight,
        get gradients() {
          return shared().map((tensor) => reachedByTerm()[i]!.get(tensor) ?? zerosLike(tensor));
        },
      })),
    }),
  );
  checkFactors(contribution.id, factors, weighted);
  const factorOf = ({ name }: WeightedTerm) => {
    const factor = factors[name];
    return factor === undefined ? undefined : stopGradient(factor);
  };
  const scaled = (value: Tensor, factor: Tensor | undefined) =>
    factor === undefined ? value : mul(value, factor);
  const total = sumOf(weighted.map((term) => scaled(term.weighted, factorOf(term))));
  const derivative = gradientOfTotal();
  const trained = candidates.filter(({ tensor }) => derivative.has(tensor));
  return {
    total,
    trained,
    gradients: trained.map(({ tensor }) => derivative.get(tensor)!),
    decisions: new Map(weighted.map((term) => [term.name, scaled(term.weight, factorOf(term))])),
  };

  function gradientOfTotal(): Map<Tensor, Tensor> {
    if (taken.reached === undefined) return reachedGradients(total, tensors);
    const sums = new Map<Tensor, Tensor>();
    for (const [i, term] of weighted.entries()) {
      for (const [tensor, gradient] of taken.reached[i]!) {
        const part = scaled(gradient, factorOf(term));
        const sofar = sums.get(tensor);
        sums.set(tensor, sofar === undefined ? part : add(sofar, part));
      }
    }
    return sums;
  }
}

const zerosLike = ({ graph, dtype, shape }: Tensor): Tensor => broadcastTo(graph.scalar(0, dtype), shape);

function checkFactors(
  id: string,
  factors: Readonly<Record<string, Tensor>>,
  terms: readonly WeightedTerm[],
): void {
  const names = terms.map(({ name }) => name);
  for (const [name, factor] of Object.entries(factors)) {
    if (!names.includes(name)) {
      throw new LimbeckError('PRECONDITION', `balancer '${id}' weighs '${name}', which is no term`, {
        hint: `there are: ${names.join(', ')}`,
      });
    }
    if (factor.shape.length !== 0) {
      throw new LimbeckError(
        'SHAPE_MISMATCH',
        `balancer '${id}' must give a scalar for '${name}', not ${formatShape(factor.shape)}`,
      );
    }
  }
}
