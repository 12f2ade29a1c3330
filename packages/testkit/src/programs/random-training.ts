import {
  add,
  gradients,
  isConstant,
  isFloat,
  isState,
  leafName,
  mul,
  sub,
  sum,
  type Tensor,
} from '@limbeck/graph';
import { leafValues } from './leaf-values.js';

/** What a random program asks for: its results, gradients of them as well, or a step that changes state too. */
export const programKinds = ['forward', 'gradients', 'training'] as const;

/** One of {@link programKinds}. */
export type ProgramKind = (typeof programKinds)[number];

/** Gradients of more leaves than this would make one program of many. */
const mostGradients = 3;

const learningRate = 0.5;

/** sum(y * weights) over all results of one type: its gradient for a result is the weights. */
function lossOf(ends: readonly Tensor[], seed: number): Tensor | undefined {
  const floats = ends.filter(({ dtype }) => dtype === 'float32');
  return floats
    .map((y, i) => sum(mul(y, y.graph.constant(leafValues('float32', y.shape, (seed + i) | 0)))))
    .reduce<Tensor | undefined>((total, term) => (total === undefined ? term : add(total, term)), undefined);
}

/** What a program computes besides its results. */
export interface Extras {
  readonly outputs: ReadonlyMap<string, Tensor>;
  readonly updates: ReadonlyMap<string, Tensor>;
}

/**
 * Gradients of the results for leaves that they read; in training the state among these takes a step of gradient descent,
 * and counters count.
 *
 * @param leaves what the results read
 */
export function extrasOf(
  kind: ProgramKind,
  { ends, leaves, seed }: { ends: readonly Tensor[]; leaves: readonly Tensor[]; seed: number },
): Extras {
  const outputs = new Map<string, Tensor>();
  const updates = new Map<string, Tensor>();
  if (kind === 'forward') return { outputs, updates };
  const loss = lossOf(ends, seed);
  const wrt = leaves.filter((leaf) => !isConstant(leaf) && isFloat(leaf.dtype)).slice(0, mostGradients);
  const found = loss === undefined || wrt.length === 0 ? [] : gradients(loss, wrt);
  for (const [i, gradient] of found.entries()) {
    const leaf = wrt[i]!;
    if (kind === 'gradients' || !isState(leaf)) outputs.set(`d.${leafName(leaf)}`, gradient);
    else updates.set(leafName(leaf), sub(leaf, mul(gradient, learningRate)));
  }
  if (kind === 'training')
    for (const leaf of leaves)
      if (isState(leaf) && leaf.dtype === 'int32') updates.set(leafName(leaf), add(leaf, 1));
  return { outputs, updates };
}
