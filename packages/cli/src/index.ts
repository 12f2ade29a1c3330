/**
 * What configurations, plugins and programs import: `defineConfig`, the contracts of plugins, and {@link distill}. Nothing heavy
 * is loaded before it is called. Hosts and backends import `@limbeck/core/host` and `@limbeck/core/backend`.
 */
export {
  type Augmentation,
  type Backbone,
  type Balancer,
  type Dataset,
  type Distiller,
  defineAugmentation,
  defineBackbone,
  defineBalancer,
  defineConfig,
  defineDataset,
  defineDistiller,
  defineLoss,
  defineMetric,
  defineOptimizer,
  definePlugin,
  defineProjector,
  defineSchedule,
  type ErrorCode,
  inject,
  injectable,
  isLimbeckError,
  LimbeckError,
  type Logger,
  type Loss,
  type Metric,
  type OpenDataset,
  type Optimizer,
  type OptionSchema,
  type Plugin,
  type PluginHost,
  type Projector,
  type RunConfig,
  type Schedule,
  type Split,
  tokens,
  type Use,
} from '@limbeck/core';
export type { RunEvent, RunListener, RunResult } from '@limbeck/trainer';
export { type DistillOptions, distill } from './distill.js';
