import { isConstant } from '../leaves.js';
import { add, mul, sub } from '../ops/binary.js';
import { type Conv2dAttributes, conv2dOperation } from '../ops/conv2d.js';
import { primitives } from '../ops/index.js';
import { reshape } from '../ops/shape.js';
import { reciprocal, sqrt } from '../ops/unary.js';
import { nodesOf, type Program, rootsOf } from '../program.js';
import type { Tensor } from '../tensor.js';
import { rebuild, rewriteProgram } from './rewrite.js';

/**
 * Folds batch normalisation with constant statistics into the convolution before it, with or without a bias: the weights
 * take the scale, a bias takes the rest. Only where nothing else reads the convolution's result: it would have to be
 * computed twice. Expects constants to be folded; leaves a few to fold.
 */
export function foldBatchNorm(target: Program): Program {
  const readers = new Map<Tensor, number>();
  const read = (node: Tensor) => readers.set(node, (readers.get(node) ?? 0) + 1);
  for (const node of nodesOf(target)) node.inputs.forEach(read);
  rootsOf(target).forEach(read);
  const soleReader = (node: Tensor) => readers.get(node) === 1;

  return rewriteProgram(target, (node, inputs) => {
    const rebuilt = rebuild(node, inputs);
    if (rebuilt.operation.name !== 'batchNorm' || !rebuilt.inputs.slice(1).every(isConstant)) return rebuilt;
    const found = biasedConvolution(rebuilt.inputs[0]!);
    const original = node.inputs[0]!;
    if (found === undefined || !soleReader(original)) return rebuilt;
    if (found.bias !== undefined && !soleReader(original.inputs[0]!)) return rebuilt;
    return rebuilt.graph.scoped(rebuilt.scope, () => fold(rebuilt, found));
  });
}

interface BiasedConvolution {
  readonly convolution: Tensor;
  /** [C, 1, 1], where there is one. */
  readonly bias?: Tensor;
}

/** A convolution with constant weights, or the sum of one and a constant bias. */
function biasedConvolution(x: Tensor): BiasedConvolution | undefined {
  if (x.operation === conv2dOperation) return isConstant(x.inputs[1]!) ? { convolution: x } : undefined;
  if (x.operation !== primitives.add) return undefined;
  const [sum, bias] = x.inputs as [Tensor, Tensor];
  const channels = x.shape[1];
  const perChannel =
    bias.shape.length === 3 && bias.shape[0] === channels && bias.shape[1] === 1 && bias.shape[2] === 1;
  const found = sum.operation === conv2dOperation ? biasedConvolution(sum) : undefined;
  return found && isConstant(bias) && perChannel ? { ...found, bias } : undefined;
}

function fold(norm: Tensor, { convolution, bias }: BiasedConvolution): Tensor {
  const [mean, variance, scale, shift] = norm.inputs.slice(1) as [Tensor, Tensor, Tensor, Tensor];
  const [x, weight] = convolution.inputs as [Tensor, Tensor];
  const factor = mul(scale, reciprocal(sqrt(add(variance, norm.attributes.epsilon as number))));
  const channels = factor.shape[0]!;
  const folded = mul(weight, reshape(factor, [channels, 1, 1, 1]));
  const centre = bias === undefined ? mean : sub(mean, reshape(bias, [channels]));
  const offset = reshape(sub(shift, mul(centre, factor)), [channels, 1, 1]);
  return add(conv2dOperation(x, folded, convolution.attributes as unknown as Conv2dAttributes), offset);
}
