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
export * from './contracts/backbone.js';
export * from './contracts/backend.js';
export * from './contracts/balancer.js';
export * from './contracts/contribution.js';
export * from './contracts/dataset.js';
export * from './contracts/distiller.js';
export * from './contracts/feeds.js';
export * from './contracts/loss.js';
export * from './contracts/metric.js';
export * from './contracts/metric-name.js';
export * from './contracts/optimizer.js';
export * from './contracts/plugin.js';
export * from './contracts/projector.js';
export * from './contracts/samples.js';
export * from './contracts/serial-executable.js';
export * from './contracts/stages.js';
export * from './contracts/stem.js';
export * from './contracts/targets.js';
export * from './contracts/teacher-name.js';
export * from './contracts/unsupported-node.js';
export * from './contracts/use-option.js';
export * from './errors.js';
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
export * from './services/injection.js';
export * from './services/logger.js';
export * from './services/tokens.js';
export * from './suggest.js';
export { coreVersion } from './version.js';
