export {
  type AverageDecayOptions,
  type AveragedValue,
  averageDecay,
  averagedName,
  averageName,
  averageValues,
} from './averages/exponential-average.js';
export { NnError } from './errors.js';
export { frozenBy } from './freezing.js';
export {
  constant,
  fans,
  type Initializer,
  identity,
  kaimingNormal,
  normal,
  ones,
  orthogonal,
  type RandomSource,
  randomSource,
  torchDefault,
  torchDefaultBias,
  uniform,
  xavierUniform,
  zeros,
} from './initializers.js';
export type { BatchNormOptions } from './layers/batch-norm.js';
export type { ConvOptions } from './layers/conv.js';
export type { DropoutOptions } from './layers/dropout.js';
export type { LayerNormOptions } from './layers/layer-norm.js';
export type { LinearOptions } from './layers/linear.js';
export type { MlpOptions } from './layers/mlp.js';
export type { SelfAttentionOptions } from './layers/self-attention.js';
export { type AdamwOptions, adamw } from './optimizers/adamw.js';
export { type DotOptions, dot } from './optimizers/dot.js';
export { type LambOptions, lamb } from './optimizers/lamb.js';
export { type LayeredParameter, layerDecayFactors } from './optimizers/layer-decay.js';
export {
  type GradientsByRole,
  groupParameters,
  type OptimizerStep,
  type ParameterGroup,
  rateOf,
  type TrainedParameter,
} from './optimizers/optimizer.js';
export { type SgdOptions, sgd } from './optimizers/sgd.js';
export { randomFeeds } from './random-inputs.js';
export { runningMean } from './running-mean.js';
export {
  type CosineOptions,
  constantSchedule,
  cosine,
  type Horizon,
  type LearningRateFactor,
  type LinearCourseOptions,
  linearCourse,
  linearWarmup,
  multiStep,
} from './schedules/schedule.js';
export { Scope } from './scope.js';
export { initialState, type Mode, Trace, type TraceOptions, type Variable } from './trace.js';
export { clipByGlobalNorm, globalNorm } from './transforms/clip-by-global-norm.js';
export { clipByValue } from './transforms/clip-by-value.js';
