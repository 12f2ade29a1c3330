/**
 * What hosts import, which run plugins: configurations resolved, plugins set up and looked through, distillers given their batch.
 */
import './registration.js';

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
  placements,
  type TeacherConfig,
  teachersOf,
  type WantedPlacement,
} from './config/placements.js';
export { type PlacedUse, placedUse } from './config/places.js';
export { type ConfigResolution, defaultSource, type Explanation, resolveConfig } from './config/resolve.js';
export type { ResolvedConfig } from './config/run-config.js';
export {
  type CalibrationSettings,
  type DataSettings,
  dataSettings,
  decisiveSettings,
  type FidelitySettings,
  type TeacherCacheSettings,
  type TrainSettings,
  trainSettings,
} from './config/settings.js';
export { type WeightsChoice, weightsOf } from './config/weights-schema.js';
export { metricNameProblem } from './contracts/metric-name.js';
export { isPlugin } from './contracts/plugin.js';
export { readTargets, type TargetReader } from './contracts/read-targets.js';
export { recipeProblems } from './contracts/recipe.js';
export { type NegativesInput, SampleInputs } from './contracts/samples.js';
export {
  allocateTargets,
  batchTargets,
  checkTargets,
  requireTargets,
  type TargetInput,
  targetInput,
  targetWidth,
} from './contracts/targets.js';
export { defaultTeacherName, teacherNameProblem, teacherTitle } from './contracts/teacher-name.js';
export { type ExpectedFailure, expectedFailure } from './expected-failure.js';
export { figures } from './figures.js';
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
export { coreVersion } from './version.js';
