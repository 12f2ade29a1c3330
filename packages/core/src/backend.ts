/**
 * What compute backends and exporters import, and who calls them: programs compiled, run, tried and written.
 */
import './registration.js';

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
  type CalibratedExport,
  defineExporter,
  type ExportContext,
  type ExportedFiles,
  type Exporter,
} from './contracts/exporter.js';
export { checkFeeds } from './contracts/feeds.js';
export { type Lent, retain } from './contracts/lent.js';
export { claimFor, primitiveEntry } from './contracts/lowering-tables.js';
export { type LoadedProgram, serialExecutable } from './contracts/serial-executable.js';
export { unsupportedNode } from './contracts/unsupported-node.js';
export { type BatchAxis, findBatchAxes } from './exporting/batch-axes.js';
export { requireStateless } from './exporting/stateless.js';
export { type Trial, trialFault, trialOf, trialTolerances, tryOut } from './trials/trial.js';
export { frozenTrial, trainingTrial } from './trials/trials.js';
