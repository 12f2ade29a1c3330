import { sizeOf } from '../dtype.js';
import { constantData } from '../graph.js';
import { evaluateNode } from '../interpreter/evaluate.js';
import { fromReference, toReference } from '../interpreter/values.js';
import { isConstant } from '../leaves.js';
import type { Program } from '../program.js';
import { rebuild, rewriteProgram } from './rewrite.js';

/** Folded results above this many elements are only kept when they are no larger than their largest input. */
const growthLimit = 1 << 16;

/** Computes what depends on constants alone, in float64, once, before a program is compiled. */
export function foldConstants(target: Program): Program {
  return rewriteProgram(target, (node, inputs) => {
    const rebuilt = rebuild(node, inputs);
    const { operation } = rebuilt;
    if (operation.kind !== 'primitive' || rebuilt.inputs.length === 0 || !rebuilt.inputs.every(isConstant))
      return rebuilt;
    const largest = Math.max(...rebuilt.inputs.map((input) => sizeOf(input.shape)));
    const size = sizeOf(rebuilt.shape);
    if (size > growthLimit && size > largest) return rebuilt;
    const value = evaluateNode(
      rebuilt,
      rebuilt.inputs.map((input) => toReference(constantData(input))),
    );
    const data = fromReference(value);
    return rebuilt.shape.length === 0
      ? rebuilt.graph.scalar(data.data[0]!, data.dtype)
      : rebuilt.graph.constant(data);
  });
}
