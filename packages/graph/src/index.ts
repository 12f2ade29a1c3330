export { broadcastShapes, broadcastStrides, stridesOf } from './broadcast.js';
export { adaptiveAvgPool, matchSpatial } from './composites/adaptive-pool.js';
export { scaledDotProductAttention } from './composites/attention.js';
export {
  type BatchNormAttributes,
  batchNorm,
  batchNormInputGradient,
  batchNormScaleGradient,
  batchNormTraining,
  channelAffine,
  channelDot,
  channelMean,
  channelSum,
  channelVariance,
} from './composites/batch-norm.js';
export {
  type Conv2dInputGradientAttributes,
  type Conv2dWeightGradientAttributes,
  conv2dInputGradient,
  conv2dWeightGradient,
} from './composites/convolution-gradients.js';
export { directionsOf } from './composites/directions.js';
export {
  cosineSimilarity,
  gelu,
  globalAveragePool,
  l2Normalize,
  log1p,
  sigmoid,
  softplus,
  square,
} from './composites/elementary.js';
export { type CompositeName, compositeName, composites } from './composites/index.js';
export { layerNorm } from './composites/layer-norm.js';
export { meanSquaredError } from './composites/mean-squared-error.js';
export {
  type RandomAttributes,
  randomDigits,
  randomInteger,
  randomMask,
  randomRange,
} from './composites/random-integer.js';
export { isLayerGradient, reluGradient } from './composites/relu-gradient.js';
export { smoothL1 } from './composites/smooth-l1.js';
export { logSoftmax, logSumExp, softmax, softmaxCrossEntropy } from './composites/softmax.js';
export {
  allocate,
  bytesPerElement,
  type DType,
  type DTypeArrays,
  formatShape,
  isFloat,
  type Shape,
  type StateDict,
  sameShape,
  sizeOf,
  type TensorData,
  tensorData,
} from './dtype.js';
export { GraphError, type GraphErrorCode } from './errors.js';
export { gradients, reachedGradients } from './gradient.js';
export { Graph } from './graph.js';
export {
  type Evaluation,
  evaluate,
  evaluateNode,
  type InterpreterPrecision,
  interpret,
} from './interpreter/evaluate.js';
export { fromBfloat16, fromReference, roundTo, toBfloat16, toReference } from './interpreter/values.js';
export { constantData, constantValue, isConstant, isInput, isState, leafName } from './leaves.js';
export {
  type Composite,
  type CompositeDeclaration,
  type CompositeOperation,
  composite,
  type GradientRule,
  type Gradients,
  type LeafOperation,
  type Operation,
  type Primitive,
  type PrimitiveDeclaration,
  type PrimitiveOperation,
  primitive,
  type ReferenceValue,
  type TensorType,
} from './operation.js';
export { add, div, maximum, minimum, mul, pow, sub } from './ops/binary.js';
export { cast, stopGradient } from './ops/cast.js';
export { equal, less, logicalAnd, logicalNot } from './ops/compare.js';
export { concat, reverse } from './ops/concat.js';
export {
  type Conv2dAttributes,
  type Conv2dOptions,
  conv2d,
  conv2dOutputSize,
  type Padding,
  type Pair,
  paddingOf,
  pair,
} from './ops/conv2d.js';
export { type PrimitiveName, primitiveName, primitives } from './ops/index.js';
export { gather, oneHot, scatterAdd } from './ops/indexing.js';
export { type MatmulAttributes, matmul } from './ops/matmul.js';
export {
  avgPool,
  avgPoolGradient,
  maxPool,
  maxPoolGradient,
  type PoolAttributes,
  type PoolOptions,
  windowCounts,
} from './ops/pool.js';
export {
  argMax,
  keptShape,
  mean,
  type ReduceAttributes,
  type ReduceOptions,
  reduceMax,
  sum,
} from './ops/reduce.js';
export { where } from './ops/select.js';
export { broadcastTo, flatten, reshape, transpose } from './ops/shape.js';
export { pad, slice } from './ops/slice.js';
export { abs, erf, exp, log, neg, reciprocal, relu, sign, sqrt, tanh } from './ops/unary.js';
export { bindState } from './passes/bind-state.js';
export { foldBatchNorm } from './passes/fold-batch-norm.js';
export { foldConstants } from './passes/fold-constants.js';
export { inlineComposites } from './passes/inline-composites.js';
export { type Rewriter, rewriteProgram } from './passes/rewrite.js';
export { simplify } from './passes/simplify.js';
export { transplant } from './passes/transplant.js';
export { print } from './print.js';
export {
  checkState,
  type NamedType,
  nodesOf,
  type Program,
  type ProgramSignature,
  type ProgramSpec,
  program,
  readersOf,
  type StateSlot,
  signatureOf,
  zeroState,
} from './program.js';
export { binarySamples, type Sample, type SampleInput, unarySamples } from './samples.js';
export type { Attributes, AttributeValue, Operand, Tensor } from './tensor.js';
export { ancestors } from './traverse.js';
export { verify } from './verify.js';
