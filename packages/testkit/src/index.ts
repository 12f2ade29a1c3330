export type { BackboneCase } from './backbones/case.js';
export {
  type BackboneConformanceOptions,
  backboneConformance,
  usualImages,
} from './backbones/conformance.js';
export {
  type BackboneTrace,
  type BackboneTraceOptions,
  parameterCount,
  tapShapes,
  traceBackbone,
} from './backbones/trace.js';
export type { CaseResult } from './conformance/case.js';
export {
  backendConformance,
  type ConformanceCase,
  type ConformanceOptions,
} from './conformance/conformance.js';
export {
  type ConformanceTarget,
  conformanceTargets,
  isRequired,
  requiredTargets,
} from './conformance/required.js';
export { type Deviation, describeDeviation, deviationOf, rootMeanSquare } from './deviation.js';
export {
  type BuildOptions,
  type BuiltDistiller,
  type BuiltView,
  buildDistiller,
} from './distillers/build.js';
export {
  checkDegenerate,
  type DegenerateCase,
  type DegenerateOptions,
  degenerateCases,
} from './distillers/degenerate.js';
export { StandIn } from './distillers/stand-in.js';
export { boundNetwork, deployableNetwork, networkImages } from './exporting/deployable.js';
export {
  type BackboneDeviation,
  compareBackboneStructure,
  compareBackboneValues,
  type GoldenBackbone,
} from './golden/backbone.js';
export {
  compareGolden,
  compareSummary,
  type GoldenDeviation,
  type GoldenValue,
  parseGoldenValue,
  summarize,
  type TensorSummary,
  type WholeTensor,
} from './golden/compare.js';
export {
  lossInputRule,
  type PatternRule,
  parameterRule,
  patternFill,
  patternNumbers,
} from './golden/pattern.js';
export { boundScope } from './gradients/bound-scope.js';
export { checkGradients, type GradientCheckOptions, type GradientReport } from './gradients/check.js';
export { type Differentiated, differentiate } from './gradients/differentiate.js';
export { centralDifferences } from './gradients/numeric.js';
export { checkOperation } from './gradients/operation.js';
export {
  checkRandomProgram,
  type DifferentialOptions,
  type DifferentialResult,
} from './programs/differential.js';
export type { Losses } from './programs/envelope.js';
export { type RandomProgram, randomProgram } from './programs/random-program.js';
export { type ProgramKind, programKinds } from './programs/random-training.js';
export { drawSteps, longestProgram, operandsOfStep, type Step } from './programs/steps.js';
export { recipeConformance } from './recipes/conformance.js';
export { exactBackend, referenceBackend } from './reference-backend.js';
export { fillSampleInput } from './samples/fill.js';
export { type Planes, planesOf } from './samples/planes.js';
export {
  buildSample,
  cotangent,
  cotangentName,
  differentiableInputs,
  fillSample,
  gradientProgram,
  type SampleCase,
  type SampledOperation,
  sampleInputName,
  sampleOf,
  sampleProgram,
  weightedSum,
} from './samples/program.js';
