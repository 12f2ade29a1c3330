/**
 * What authors of plugins and configurations import: the contracts with their `define*`, targets, errors and services. Compute backends
 * and exporters import `@limbeck/core/backend` as well, and whoever runs plugins imports `@limbeck/core/host`.
 */
import './registration.js';

export { createLinearCka, type RepresentationAccumulator } from './analysis/linear-cka.js';
export { defineConfig, type PlainRun, type RunConfig } from './config/run-config.js';
export { type Backbone, defineBackbone, type ImageShape, type WeightNaming } from './contracts/backbone.js';
export {
  type BalancedTerm,
  type Balancer,
  type BalancerContext,
  defineBalancer,
} from './contracts/balancer.js';
export {
  type BatchFacts,
  type BatchTransform,
  type ChangeableBatch,
  defineBatchTransform,
} from './contracts/batch-transform.js';
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
  defineGradientTransform,
  type GradientTransform,
  type TransformContext,
  type TransformedGradients,
} from './contracts/gradient-transform.js';
export { defineLoss, type Loss } from './contracts/loss.js';
export { countFits, memberCount, membersOf, memberUses } from './contracts/members.js';
export {
  defineMetric,
  type MeasuredFeature,
  type Metric,
  type MetricAccumulator,
  type MetricFeature,
  type MetricFormat,
  type Predictions,
} from './contracts/metric.js';
export { defineOptimizer, defineSchedule, type Optimizer, type Schedule } from './contracts/optimizer.js';
export type { FilePart, Sample } from './contracts/picture.js';
export {
  type ContributionList,
  type Contributions,
  type Disposer,
  definePlugin,
  type Injectable,
  type Kind,
  type Listing,
  type Plugin,
  type PluginHost,
  type PluginSpec,
  pluginApi,
  pluginBrand,
} from './contracts/plugin.js';
export type {
  Preparation,
  PreparationAccumulator,
  PreparationBatch,
  Prepare,
  PreparedFeature,
} from './contracts/preparation.js';
export { type BuildProjector, defineProjector, type Projector } from './contracts/projector.js';
export {
  defineRecipe,
  type Recipe,
  type RecipeFigure,
  type RecipePublished,
  type RecipeReports,
  type RecipeValue,
} from './contracts/recipe.js';
export { lastStageOf, stagesOf } from './contracts/stages.js';
export { type Stem, type StemOptions, stemOptions } from './contracts/stem.js';
export {
  type BatchTargets,
  indexTargets,
  type Labelled,
  labelsOf,
  noTargets,
  type TargetKind,
  type Targets,
  targetKinds,
  targetsOf,
} from './contracts/targets.js';
export { defineTask, type Task, type TaskContext } from './contracts/task.js';
export { useOption } from './contracts/use-option.js';
export { type ErrorCode, isLimbeckError, LimbeckError } from './errors.js';
export { decorate, inject, injectable, named } from './services/injection.js';
export { type Logger, silentLogger } from './services/logger.js';
export { type Token, type Tokens, tokens } from './services/tokens.js';
export { didYouMean } from './suggest.js';
