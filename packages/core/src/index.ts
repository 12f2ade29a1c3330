export { refuseOversized } from './config/bounds.js';
export { configJsonSchema } from './config/documentation.js';
export { extendsOf } from './config/extends.js';
export { canonicalJson, configToJson, type JsonValue } from './config/json.js';
export type { ConfigLayer, Said } from './config/merge.js';
export { parseSet } from './config/parse-set.js';
export {
  distillersOf,
  type FileTeacherConfig,
  isFileTeacher,
  type Placement,
  placements,
  type TeacherConfig,
  teachersOf,
} from './config/placements.js';
export { type PlacedUse, placedUse } from './config/places.js';
export { type ConfigResolution, defaultSource, type Explanation, resolveConfig } from './config/resolve.js';
export { defineConfig, type ResolvedConfig, type RunConfig } from './config/run-config.js';
export { type WeightsChoice, weightsOf } from './config/weights-schema.js';
export { type Backbone, defineBackbone, type ImageShape, type WeightNaming } from './contracts/backbone.js';
export {
  type Calibration,
  type CalibrationMemory,
  type Capabilities,
  type CompileOptions,
  type ComputeBackend,
  type Device,
  defineBackend,
  type Executable,
  type Feeds,
  type Fetches,
  type InstallOptions,
  type LoadedModel,
  type LoadOptions,
  type ModelLimits,
  type ModelPort,
  type ModelTrial,
  type Offer,
  type OfferRequest,
  type Precision,
  type ProfileEntry,
  type ProfileOptions,
  type Role,
  type TrialOptions,
} from './contracts/backend.js';
export {
  type BalancedTerm,
  type Balancer,
  type BalancerContext,
  defineBalancer,
} from './contracts/balancer.js';
export type { OptionSchema, Use, UseObject } from './contracts/contribution.js';
export {
  type Augmentation,
  type ChangeFacts,
  type ChannelChange,
  type Dataset,
  type DatasetContext,
  defineAugmentation,
  defineDataset,
  type Frame,
  type Framing,
  type InPlaceChange,
  type OpenDataset,
  type PictureSize,
  type PublishedFile,
  type ResizeFilter,
  type SampleRandom,
  type Split,
} from './contracts/dataset.js';
export {
  type BatchView,
  type Distillation,
  type Distiller,
  type DistillerContext,
  defineDistiller,
  type InitialPhase,
  type LossTerm,
  type ModelView,
  type NegativeSource,
  type Samples,
  type ViewOptions,
} from './contracts/distiller.js';
export {
  defineExporter,
  type ExportContext,
  type ExportedFiles,
  type Exporter,
} from './contracts/exporter.js';
export { checkFeeds } from './contracts/feeds.js';
export {
  defineGradientTransform,
  type GradientTransform,
  type TransformContext,
  type TransformedGradients,
} from './contracts/gradient-transform.js';
export { type Lent, retain } from './contracts/lent.js';
export { defineLoss, type Loss } from './contracts/loss.js';
export {
  defineMetric,
  type MeasuredFeature,
  type Metric,
  type MetricAccumulator,
  type MetricFeature,
  type MetricFormat,
  type Predictions,
} from './contracts/metric.js';
export { metricNameProblem } from './contracts/metric-name.js';
export { defineOptimizer, defineSchedule, type Optimizer, type Schedule } from './contracts/optimizer.js';
export type { FilePart, Sample } from './contracts/picture.js';
export {
  type ContributionList,
  type Contributions,
  type Disposer,
  definePlugin,
  type Injectable,
  isPlugin,
  type Kind,
  type Listing,
  type Plugin,
  type PluginHost,
  type PluginSpec,
  pluginApi,
  pluginBrand,
} from './contracts/plugin.js';
export { type BuildProjector, defineProjector, type Projector } from './contracts/projector.js';
export { readTargets, type TargetReader } from './contracts/read-targets.js';
export { type NegativesInput, SampleInputs } from './contracts/samples.js';
export { type LoadedProgram, serialExecutable } from './contracts/serial-executable.js';
export { lastStageOf, stagesOf } from './contracts/stages.js';
export { type Stem, type StemOptions, stemOptions } from './contracts/stem.js';
export {
  allocateTargets,
  type BatchTargets,
  batchTargets,
  checkTargets,
  indexTargets,
  type Labelled,
  labelsOf,
  noTargets,
  requireTargets,
  type TargetInput,
  type TargetKind,
  type Targets,
  targetInput,
  targetKinds,
  targetsOf,
  targetWidth,
} from './contracts/targets.js';
export { defineTask, type Task, type TaskContext } from './contracts/task.js';
export { defaultTeacherName, teacherNameProblem, teacherTitle } from './contracts/teacher-name.js';
export { unsupportedNode } from './contracts/unsupported-node.js';
export { useOption } from './contracts/use-option.js';
export { type ErrorCode, isLimbeckError, LimbeckError } from './errors.js';
export { type BatchAxis, findBatchAxes } from './exporting/batch-axes.js';
export { requireStateless } from './exporting/stateless.js';
export type { Catalog, CatalogEntry } from './host/catalog.js';
export { completeOptions } from './host/complete-options.js';
export { createHost, type HostOptions } from './host/create-host.js';
export type { Host, OptionsOf, Used, UsePlace } from './host/host.js';
export { type KindFacts, kindNames, kinds } from './host/kinds.js';
export { schemaAsJson } from './host/options.js';
export {
  describePlugin,
  type PluginEntry,
  type PluginFailure,
  type PluginInfo,
} from './host/plugin-entry.js';
export { type CoreCopy, loadedCores } from './registration.js';
export { decorate, inject, injectable, named } from './services/injection.js';
export { type Logger, silentLogger } from './services/logger.js';
export { type Token, type Tokens, tokens } from './services/tokens.js';
export { didYouMean, suggest } from './suggest.js';
export { type Trial, trialFault, trialOf, trialTolerances, tryOut } from './trials/trial.js';
export { frozenTrial, trainingTrial } from './trials/trials.js';
export { coreVersion } from './version.js';
