import { sizeOf } from '../dtype.js';
import { evaluate } from '../interpreter/evaluate.js';
import { fromReference } from '../interpreter/values.js';
import { isConstant } from '../leaves.js';
import { type Program, program } from '../program.js';
import type { Tensor } from '../tensor.js';
import { rebuild, rewriteProgram } from './rewrite.js';

/** Folded results above this many elements are only kept when they are no larger than their inputs together. */
const growthLimit = 1024;

/** Computes what depends on constants alone, in float64, once, before a program is compiled. */
export function foldConstants(target: Program): Program {
  return rewriteProgram(target, (node, inputs) => {
    const rebuilt = rebuild(node, inputs);
    return isFoldable(rebuilt) ? fold(rebuilt) : rebuilt;
  });
}

/** True for results of constants that do not swell the program: a broadcast is cheaper to repeat than to store. */
function isFoldable({ operation, inputs, shape }: Tensor): boolean {
  if (operation.kind === 'leaf' || !inputs.every(isConstant)) return false;
  const read = inputs.reduce((total, input) => total + sizeOf(input.shape), 0);
  return sizeOf(shape) <= Math.max(growthLimit, read);
}

function fold(node: Tensor): Tensor {
  const value = evaluate(program({ name: 'fold', outputs: { value: node } }), new Map()).outputs.get(
    'value',
  )!;
  return node.shape.length === 0
    ? node.graph.scalar(value.data[0]!, node.dtype)
    : node.graph.constant(fromReference(value));
}
