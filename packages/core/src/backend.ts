/** What compute backends and exporters import besides the contracts: programs compiled, run and written. */

export type {
  Calibration,
  CalibrationMemory,
  Capabilities,
  CompileOptions,
  ComputeBackend,
  Device,
  Executable,
  ExportedFiles,
  Exporter,
  Feeds,
  Fetches,
  InstallOptions,
  LoadedModel,
  LoadOptions,
  ModelPort,
  Offer,
  OfferRequest,
  Precision,
  ProfileEntry,
  ProfileOptions,
  Role,
} from './contracts/backend.js';
export { checkFeeds } from './contracts/feeds.js';
export { type LoadedProgram, serialExecutable } from './contracts/serial-executable.js';
export { unsupportedNode } from './contracts/unsupported-node.js';
export { type BatchAxis, findBatchAxes } from './exporting/batch-axes.js';
export { requireStateless } from './exporting/stateless.js';
