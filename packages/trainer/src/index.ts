export { ece } from './analysis/calibration.js';
export { linearCka } from './analysis/linear-cka.js';
export { median } from './analysis/median.js';
export { mostLikely } from './analysis/most-likely.js';
export { teacherAgreement } from './analysis/teacher-agreement.js';
export { teacherCosine } from './analysis/teacher-cosine.js';
export {
  type Agreement,
  agreementOf,
  type EvaluateOptions,
  type Evaluation,
  evaluate,
} from './evaluate/evaluate.js';
export {
  needsLogitsAlone,
  type PlannedFeature,
  type PlannedMetric,
  planMetrics,
} from './evaluate/plan-metrics.js';
export { type SplitFeatures, teacherFeatures } from './evaluate/teacher-features.js';
export {
  type Answer,
  type Classifier,
  checkLogits,
  executableClassifier,
  loadedClassifier,
  withLogits,
} from './execute/classifier.js';
export { type FeatureSource, liveFeatures, type TeacherBatch } from './execute/feature-source.js';
export {
  loadForeign,
  type OpenForeignOptions,
  onnxParameters,
  openForeignModel,
} from './execute/foreign/foreign-model.js';
export { modelLimits, type TeacherLimits } from './execute/foreign/limits.js';
export { openForeignTeacher } from './execute/foreign/open-foreign-teacher.js';
export { readModelFile } from './execute/foreign/read-model-file.js';
export { compiledTeacher, type LiveTeacher, teacherClassifier } from './execute/live-teacher.js';
export { openStudentStep, type Rates, type StudentStep } from './execute/student-step.js';
export {
  type CacheLayout,
  type FeatureSize,
  layoutOf,
} from './execute/teacher-cache/layout.js';
export { CacheStore, type StoreOptions } from './execute/teacher-cache/store.js';
export { writeAtomically } from './files/atomic.js';
export { sizeOfExported, writeExported } from './files/exported.js';
export { makeFolder } from './files/make-folder.js';
export { readRegularText } from './files/regular.js';
export { writing } from './files/write-failure.js';
export { type Latency, type LatencyOptions, latencyOf, measureLatency } from './inspect/latency.js';
export { countMacs } from './inspect/macs.js';
export { type LayerSummary, type ModelSummary, summarize } from './inspect/summarize.js';
export {
  type DeployedSize,
  type DeployedSummary,
  sizeOfDeployed,
  summarizeDeployed,
} from './inspect/summarize-deployed.js';
export { type EstimateOptions, estimateRun, type RunEstimate } from './measure/estimate-run.js';
export {
  type MeasuredProgram,
  type MeasureOptions,
  measureSteps,
  type StepMeasurement,
} from './measure/measure-steps.js';
export {
  deployedProgram,
  foreignInput,
  plainStudent,
  type TracedDeployment,
  traceDeployed,
} from './programs/deployed.js';
export {
  buildDistillers,
  type CombinedDistillation,
  type CombinedInitialPhase,
  distillerPrefix,
} from './programs/distillation.js';
export { evaluatedProgram, featureOutput, studentFeature } from './programs/evaluated.js';
export { exportedProgram } from './programs/exported.js';
export {
  type Objective,
  objectiveOf,
  scheduleInput,
  type Term,
  weightOutput,
} from './programs/objective.js';
export { planTeachers, viewOf } from './programs/plan-teachers.js';
export { stateFor } from './programs/state.js';
export { averageDecayInput } from './programs/step-program.js';
export {
  type InitialPlan,
  type Owner,
  type PlannedTeacher,
  planStudent,
  type StepPlan,
  type StudentPlan,
} from './programs/student.js';
export { Teacher, type TeacherFeature, teacherPrefix } from './programs/teacher.js';
export { checkEmbedding, type FeatureShape, type TeacherModel } from './programs/teacher-model.js';
export { studentPrefix, type TracedStep, traceStep } from './programs/trace-step.js';
export { type TracedModel, traceModel } from './programs/traced-model.js';
export { TracedTeacher } from './programs/traced-teacher.js';
export { untouchedState, untrainedParameters } from './programs/untrained.js';
export { type ViewPlan, Views, viewInput } from './programs/views.js';
export {
  type Chosen,
  type DistillerChoice,
  formatsOf,
  type MetricChoice,
  type ModelChoice,
  metricName,
  type Parts,
  type Placement,
  type TaskChoice,
} from './run/choices.js';
export { describeExported } from './run/describe-exported.js';
export type { EventOf, EventType, RunEvent, RunListener } from './run/events.js';
export { describeForm, type ExportForm } from './run/export-form.js';
export type {
  CacheFacts,
  DeployedCost,
  Fidelity,
  InferenceCost,
  Int8Figures,
  LossValues,
  MetricValues,
  TeacherFacts,
} from './run/facts.js';
export type {
  ForeignDeclaration,
  ForeignFeature,
  ForeignInput,
  ForeignModel,
  InputDeclaration,
  Layout,
  Link,
  TapDeclaration,
} from './run/foreign-model.js';
export type { Progress } from './run/progress.js';
export type { ExportedEpoch, RunResult, TeacherResult } from './run/run-result.js';
export type { ExporterChoice, ModelsSpec, RunData, RunSpec, StudentSpec } from './run/run-spec.js';
export {
  type BackboneChoice,
  type CacheDtype,
  type CachePrecision,
  type FeatureKind,
  type ForeignChoice,
  sourceOf,
  type TeacherCacheSpec,
  type TeacherChoice,
  type TeacherSettings,
  type TeacherSpec,
} from './run/teacher-spec.js';
export type { AverageSettings, UpdateRules } from './run/update-rules.js';
export type { Weights } from './run/weights.js';
export { fixed, gradientNorm, mokd, runningMagnitude } from './standard/balancers.js';
export { clipByGlobalNorm, clipByValue } from './standard/gradient-transforms.js';
export { countTop, nll, top1, top5 } from './standard/metrics.js';
export { adamw, dot, lamb, sgd } from './standard/optimizers.js';
export { standardTraining } from './standard/plugin.js';
export { constant, cosine, linear, linearWarmup, multiStep } from './standard/schedules.js';
export { type Checkpoint, latestCheckpoint, listCheckpoints } from './store/checkpoint/load.js';
export type { Manifest } from './store/checkpoint/manifest.js';
export { RunFolder, type RunRecord, runFiles } from './store/run-folder.js';
export { type RunEpoch, type RunWeights, readRunWeights } from './store/run-weights.js';
export { describeCaches } from './train/describe-caches.js';
export { exportInt8, type Int8Export } from './train/export-int8.js';
export { type TrainOptions, train } from './train/loop.js';
export { otherOptions } from './weights/check-origin.js';
export {
  deployedWeights,
  describeWeights,
  loadDeployed,
  type PictureFacts,
  picturesOf,
  type WeightsFacts,
} from './weights/deployed.js';
export { type LoadedWeights, loadWeights, matchWeights, type WeightsTarget } from './weights/load.js';
export {
  openWeightsFile,
  type ReadWeightsOptions,
  readWeightsFile,
  type TakenWeights,
  takenOf,
  weightsExtensions,
  weightsFileParts,
  weightsFrom,
} from './weights/read.js';
export { type Rename, renameAll } from './weights/rename.js';
