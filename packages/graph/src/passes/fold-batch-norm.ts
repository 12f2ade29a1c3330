import { batchNorm } from '../composites/batch-norm.js';
import { tensorData } from '../dtype.js';
import { constantData, isConstant } from '../leaves.js';
import { add } from '../ops/binary.js';
import { type Conv2dAttributes, conv2dOperation } from '../ops/conv2d.js';
import { primitives } from '../ops/index.js';
import { type Program, readersOf } from '../program.js';
import type { Tensor } from '../tensor.js';
import { rebuild, rewriteProgram } from './rewrite.js';

/**
 * Folds batch normalisation with constant statistics into the convolution before it, with or without a bias: the weights
 * take the scale, a bias takes the rest. Only where nothing else reads the convolution's result: it would have to be
 * computed twice. Expects constants to be folded; computes in float32, as a backend would.
 */
export function foldBatchNorm(target: Program): Program {
  const readers = readersOf(target);
  const soleReader = (node: Tensor) => readers.get(node) === 1;

  return rewriteProgram(target, (node, inputs) => {
    const rebuilt = rebuild(node, inputs);
    if (rebuilt.operation !== batchNorm || !rebuilt.inputs.slice(1).every(isConstant)) return rebuilt;
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
  const { graph } = norm;
  const [x, weight] = convolution.inputs as [Tensor, Tensor];
  const [mean, variance, scale, shift] = norm.inputs.slice(1).map(numbersOf) as Vectors;
  const factor = factorsOf(scale, variance, norm.attributes.epsilon as number);
  const channels = factor.length;
  const centre = bias === undefined ? mean : mean.map((value, c) => value - numbersOf(bias)[c]!);
  const offset = shift.map((value, c) => value - fround(centre[c]! * factor[c]!));
  const folded = timesFactors(numbersOf(weight), factor);
  return add(
    conv2dOperation(
      x,
      graph.constant(tensorData('float32', weight.shape, folded)),
      convolution.attributes as unknown as Conv2dAttributes,
    ),
    graph.constant(tensorData('float32', [channels, 1, 1], offset)),
  );
}

type Vectors = [mean: Float32Array, variance: Float32Array, scale: Float32Array, shift: Float32Array];

const { fround, sqrt } = Math;

const numbersOf = (tensor: Tensor): Float32Array => constantData(tensor).data as Float32Array;

/** What each channel is multiplied by: scale / sqrt(variance + epsilon), rounded after every operation. */
const factorsOf = (scale: Float32Array, variance: Float32Array, epsilon: number): Float32Array =>
  scale.map((value, c) => value * fround(1 / fround(sqrt(fround(variance[c]! + epsilon)))));

/** Weights [O, ...] times one factor an output channel: by hand, since models have millions of them. */
function timesFactors(weight: Float32Array, factor: Float32Array): Float32Array {
  const size = weight.length / factor.length;
  const folded = new Float32Array(weight.length);
  for (const [channel, value] of factor.entries()) {
    const end = (channel + 1) * size;
    for (let i = channel * size; i < end; i++) folded[i] = weight[i]! * value;
  }
  return folded;
}
