export * from './analysis/calibration.js';
export * from './analysis/linear-cka.js';
export { median } from './analysis/median.js';
export * from './analysis/teacher-agreement.js';
export * from './analysis/teacher-cosine.js';
export * from './distill.js';
export * from './evaluate/classifier.js';
export * from './evaluate/evaluate.js';
export * from './evaluate/plan-metrics.js';
export { type SplitFeatures, teacherFeatures } from './evaluate/teacher-features.js';
export * from './execute/feature-source.js';
export * from './execute/foreign/foreign-model.js';
export { openForeignTeacher } from './execute/foreign/open-foreign-teacher.js';
export { readModelFile } from './execute/foreign/read-model-file.js';
export * from './execute/live-teacher.js';
export type { CacheDtype } from './execute/teacher-cache/encoding.js';
export type { CacheFacts } from './execute/teacher-cache/facts.js';
export {
  type CacheLayout,
  type CachePrecision,
  type FeatureKind,
  type FeatureSize,
  layoutOf,
} from './execute/teacher-cache/layout.js';
export { CacheStore, type StoreOptions } from './execute/teacher-cache/store.js';
export { writeAtomically } from './files/atomic.js';
export { sizeOfExported, writeExported } from './files/exported.js';
export * from './inspect/latency.js';
export { countMacs } from './inspect/macs.js';
export * from './inspect/summarize.js';
export * from './inspect/summarize-deployed.js';
export * from './measure/measure-steps.js';
export * from './programs/deployed.js';
export * from './programs/distillation.js';
export * from './programs/evaluated.js';
export * from './programs/objective.js';
export * from './programs/plan-teachers.js';
export * from './programs/state.js';
export * from './programs/student.js';
export * from './programs/teacher.js';
export * from './programs/teacher-model.js';
export * from './programs/trace-step.js';
export * from './programs/traced-model.js';
export * from './programs/traced-teacher.js';
export * from './programs/untrained.js';
export * from './programs/views.js';
export { describeEvent } from './run/describe-event.js';
export * from './run/events.js';
export * from './run/foreign-declaration.js';
export type { Progress } from './run/progress.js';
export * from './run/run-spec.js';
export * from './standard/balancers.js';
export * from './standard/metrics.js';
export * from './standard/optimizers.js';
export * from './standard/plugin.js';
export * from './standard/schedules.js';
export { type Checkpoint, latestCheckpoint, listCheckpoints } from './store/checkpoint/load.js';
export type { Manifest } from './store/checkpoint/manifest.js';
export { RunFolder, type RunRecord, runFiles } from './store/run-folder.js';
export type { DeployedCost, InferenceCost } from './train/deployed-cost.js';
export { describeCaches } from './train/describe-caches.js';
export type { RunResult, TeacherResult } from './train/run-result.js';
export { type TrainOptions, train } from './train/train.js';
export { otherOptions } from './weights/check-origin.js';
export * from './weights/deployed.js';
export * from './weights/load.js';
export * from './weights/read.js';
export { type Rename, renameAll } from './weights/rename.js';
