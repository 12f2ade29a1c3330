import { type BalancedTerm, defineBalancer, LimbeckError } from '@limbeck/core';
import {
  abs,
  add,
  div,
  less,
  maximum,
  minimum,
  mul,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  where,
} from '@limbeck/graph';
import { type Scope, zeros } from '@limbeck/nn';
import { z } from 'zod';

/** Keeps quotients finite. */
const tiny = 1e-12;

const runningOptions = z.strictObject({
  momentum: z.number().min(0).lt(1).default(0.9).describe('share of the running value kept in a step'),
});

/** Weights as they are configured, each times a factor. */
export const fixed = defineBalancer({
  id: 'fixed',
  description: 'weights as configured, times fixed factors',
  options: z.strictObject({
    factors: z.record(z.string(), z.number().nonnegative()).default({}).describe('by the names of terms'),
  }),
  balance({ terms, options: { factors } }) {
    const { graph } = terms[0]!.value;
    return Object.fromEntries(Object.entries(factors).map(([name, factor]) => [name, graph.scalar(factor)]));
  },
});

/**
 * Factors that make every term count as much as the task, or as the first term where the task does not count: the ratio
 * of running means, which start with the first step's own values. A configured weight then says how much a term counts
 * in relation to the task.
 */
function followFirst(
  terms: readonly BalancedTerm[],
  m: Scope,
  { momentum }: { momentum: number },
  sizeOf: (term: BalancedTerm) => Tensor,
): Record<string, Tensor> {
  const [reference, ...others] = terms.map((term) => ({
    name: term.name,
    size: running(m.in(term.name), sizeOf(term), momentum),
  }));
  return Object.fromEntries(
    others.map(({ name, size }) => [name, div(reference!.size, maximum(size, tiny))]),
  );
}

/** A running mean without the bias of its start: buffers `sum` and `share`, both zero at first. */
function running(m: Scope, value: Tensor, momentum: number): Tensor {
  const follow = (name: string, next: Tensor) => {
    const buffer = m.buffer(name, [], zeros);
    const mean = add(mul(buffer, momentum), mul(next, 1 - momentum));
    m.update(buffer, mean);
    return mean;
  };
  return div(follow('sum', value), follow('share', value.graph.scalar(1)));
}

/** Every term counts as much as the task by the running mean of its value. */
export const runningMagnitude = defineBalancer({
  id: 'running-magnitude',
  description: 'every term counts as much as the task, by the running mean of its value',
  options: runningOptions,
  balance: ({ terms, options, m }) => followFirst(terms, m, options, ({ value }) => abs(value)),
});

/** Every term counts as much as the task by the running mean of its gradient's length. */
export const gradientNorm = defineBalancer({
  id: 'gradient-norm',
  description: "every term counts as much as the task, by the running mean of its gradient's norm",
  options: runningOptions,
  balance({ terms, options, m }) {
    refuseNothingShared('gradient-norm', terms);
    // of the unweighted term, so that the configured weight keeps its say
    return followFirst(terms, m, options, (term) =>
      div(sqrt(dot(term.gradients, term.gradients)), maximum(term.weight, tiny)),
    );
  },
});

/**
 * The task and all of distillation as two objectives, weighed so that their gradients' combination is the shortest there
 * is: a step along it worsens neither. For gradients g and h the task's share is h (h - g) / |g - h|^2, kept within
 * [least, 1 - least] (the closed form of MGDA, Desideri 2012; Sener and Koltun, NeurIPS 2018). Both factors add up to 2,
 * so that equal shares leave the weights as they are; so do equal gradients, and those of which one is zero.
 *
 * Our reading of MoKD (Hayder et al., arXiv 2505.08170), of which the abstract alone was at hand: it takes conflict and
 * dominance of the two gradients as a problem of two objectives. Its subspace for features is a projector's business.
 */
export const mokd = defineBalancer({
  id: 'mokd',
  description: 'task and distillation as two objectives: the min-norm combination of their gradients',
  cite: 'arXiv:2505.08170 (our reading of its abstract)',
  options: z.strictObject({
    least: z.number().min(0).max(0.5).default(0).describe('share that neither of the two falls below'),
  }),
  balance({ terms, options: { least } }) {
    const tasks = terms.filter(({ role }) => role === 'task');
    const others = terms.filter(({ role }) => role === 'distillation');
    if (tasks.length === 0 || others.length === 0) {
      throw new LimbeckError('PRECONDITION', "balancer 'mokd' needs both a task and a distillation term", {
        hint: 'give task.weight and the weight of a distiller above 0',
      });
    }
    refuseNothingShared('mokd', terms);
    const [g, h] = [gradientOf(tasks), gradientOf(others)];
    const apart = g.map((part, i) => sub(part, h[i]!));
    const shortest = div(sub(dot(h, h), dot(g, h)), maximum(dot(apart, apart), tiny));
    const share = minimum(maximum(shortest, least), 1 - least);
    const nothing = [g, h, apart].map((gradient) => less(dot(gradient, gradient), tiny));
    const settled = nothing.reduce((so, isZero) => where(isZero, 0.5, so), share);
    const task = mul(settled, 2);
    return Object.fromEntries([
      ...tasks.map(({ name }) => [name, task] as const),
      ...others.map(({ name }) => [name, sub(2, task)] as const),
    ]);
  },
});

/** Sum of the gradients of several terms, parameter by parameter. */
const gradientOf = (terms: readonly BalancedTerm[]): Tensor[] =>
  terms.map(({ gradients }) => [...gradients]).reduce((sums, next) => sums.map((a, i) => add(a, next[i]!)));

const dot = (a: readonly Tensor[], b: readonly Tensor[]): Tensor =>
  a.map((part, i) => sum(part === b[i] ? square(part) : mul(part, b[i]!))).reduce((x, y) => add(x, y));

function refuseNothingShared(id: string, terms: readonly BalancedTerm[]): void {
  if (terms.length === 1 || terms[0]!.gradients.length > 0) return;
  throw new LimbeckError('PRECONDITION', `balancer '${id}' finds no parameter that two terms train`, {
    hint: 'leave task.balance out, or balance by running-magnitude',
  });
}
