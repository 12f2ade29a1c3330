export { NnError } from './errors.js';
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
export type { LayerNormOptions } from './layers/layer-norm.js';
export type { LinearOptions } from './layers/linear.js';
export type { MlpOptions } from './layers/mlp.js';
export type { SelfAttentionOptions } from './layers/self-attention.js';
export { type AdamwOptions, adamw } from './optimizers/adamw.js';
export {
  groupParameters,
  type OptimizerStep,
  type ParameterGroup,
  type TrainedParameter,
} from './optimizers/optimizer.js';
export { type SgdOptions, sgd } from './optimizers/sgd.js';
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
