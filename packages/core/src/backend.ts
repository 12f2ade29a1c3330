/** What compute backends and exporters import besides the contracts: programs compiled, run and written. */

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
  type ModelPort,
  type Offer,
  type OfferRequest,
  type Precision,
  type ProfileEntry,
  type ProfileOptions,
  type Role,
} from './contracts/backend.js';
export {
  defineExporter,
  type ExportContext,
  type ExportedFiles,
  type Exporter,
} from './contracts/exporter.js';
export { checkFeeds } from './contracts/feeds.js';
export { type LoadedProgram, serialExecutable } from './contracts/serial-executable.js';
export { unsupportedNode } from './contracts/unsupported-node.js';
export { type BatchAxis, findBatchAxes } from './exporting/batch-axes.js';
export { requireStateless } from './exporting/stateless.js';
