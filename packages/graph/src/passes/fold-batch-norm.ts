import { isConstant } from '../leaves.js';
import { add, mul, sub } from '../ops/binary.js';
import { type Conv2dAttributes, conv2dOperation } from '../ops/conv2d.js';
import { reshape } from '../ops/shape.js';
import { reciprocal, sqrt } from '../ops/unary.js';
import { nodesOf, type Program, rootsOf } from '../program.js';
import type { Tensor } from '../tensor.js';
import { rebuild, rewriteProgram } from './rewrite.js';

/**
 * Folds batch normalisation with constant statistics into the convolution before it: the weights take the scale, a bias
 * takes the rest. Only where nothing else reads the convolution's result, so that no tap changes meaning.
 */
export function foldBatchNorm(target: Program): Program {
  const readers = new Map<Tensor, number>();
  for (const node of nodesOf(target))
    for (const input of node.inputs) readers.set(input, (readers.get(input) ?? 0) + 1);
  for (const root of rootsOf(target)) readers.set(root, (readers.get(root) ?? 0) + 1);

  return rewriteProgram(target, (node, inputs) => {
    const rebuilt = rebuild(node, inputs);
    if (rebuilt.operation.name !== 'batchNorm') return rebuilt;
    const [x, ...statistics] = rebuilt.inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const weight = x.inputs[1];
    const soleReader = readers.get(node.inputs[0]!) === 1;
    if (x.operation !== conv2dOperation || !soleReader || ![weight!, ...statistics].every(isConstant))
      return rebuilt;
    const [mean, variance, scale, bias] = statistics;
    return rebuilt.graph.scoped(rebuilt.scope, () => {
      const factor = mul(scale, reciprocal(sqrt(add(variance, rebuilt.attributes.epsilon as number))));
      const channels = factor.shape[0]!;
      const folded = mul(weight!, reshape(factor, [channels, 1, 1, 1]));
      const offset = reshape(sub(bias, mul(mean, factor)), [channels, 1, 1]);
      return add(conv2dOperation(x.inputs[0]!, folded, x.attributes as unknown as Conv2dAttributes), offset);
    });
  });
}
