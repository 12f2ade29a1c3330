export * from './analysis/calibration.js';
export * from './analysis/linear-cka.js';
export * from './analysis/teacher-agreement.js';
export * from './analysis/teacher-cosine.js';
export { type Checkpoint, latestCheckpoint, listCheckpoints } from './checkpoint/load.js';
export type { Manifest } from './checkpoint/manifest.js';
export * from './distill.js';
export * from './evaluate/classifier.js';
export * from './evaluate/evaluate.js';
export * from './evaluate/plan-metrics.js';
export { type SplitFeatures, teacherFeatures } from './evaluate/teacher-features.js';
export * from './events.js';
export { writeAtomically } from './files/atomic.js';
export { sizeOfExported, writeExported } from './files/exported.js';
export { describeEvent } from './folder/describe-event.js';
export { RunFolder, type RunRecord, runFiles } from './folder/run-folder.js';
export * from './foreign/declaration.js';
export * from './foreign/foreign-model.js';
export { openForeignTeacher } from './foreign/open-foreign-teacher.js';
export { readModelFile } from './foreign/read-model-file.js';
export * from './inspect/latency.js';
export { countMacs } from './inspect/macs.js';
export * from './inspect/summarize.js';
export * from './inspect/summarize-deployed.js';
export * from './measure/measure-steps.js';
export { median } from './measure/median.js';
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
export * from './run-spec.js';
export * from './standard/balancers.js';
export * from './standard/metrics.js';
export * from './standard/optimizers.js';
export * from './standard/plugin.js';
export * from './standard/schedules.js';
export { describeCaches } from './teacher-cache/describe.js';
export type { CacheDtype } from './teacher-cache/encoding.js';
export type { CacheFacts } from './teacher-cache/facts.js';
export {
  type CacheLayout,
  type CachePrecision,
  type FeatureKind,
  type FeatureSize,
  layoutOf,
} from './teacher-cache/layout.js';
export { CacheStore, type StoreOptions } from './teacher-cache/store.js';
export * from './teachers/feature-source.js';
export * from './teachers/live-teacher.js';
export type { DeployedCost, InferenceCost } from './train/deployed-cost.js';
export type { Progress } from './train/progress.js';
export type { RunResult, TeacherResult } from './train/run-result.js';
export { type TrainOptions, train } from './train/train.js';
export { otherOptions } from './weights/check-origin.js';
export * from './weights/deployed.js';
export * from './weights/load.js';
export * from './weights/read.js';
export { type Rename, renameAll } from './weights/rename.js';
