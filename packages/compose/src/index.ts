export {
  type BackboneTeacher,
  backboneTeachers,
  boundTeacher,
} from './backbone-teachers.js';
export { type Answer, askBackends, place, placeForeign } from './backend.js';
export { describeChosen, withChosen, withRecorded } from './chosen-placements.js';
export { composeRun } from './compose-run.js';
export { type DeployedModel, deployedModel, isAnother, modelOfWeights } from './deployed-model.js';
export {
  type AutoDiagnosis,
  type BackendDiagnosis,
  type DeviceDiagnosis,
  diagnoseBackends,
} from './diagnose-backends.js';
export { describeEnvironment, type Environment } from './environment.js';
export { findData, findParts, type RunParts } from './find-parts.js';
export { dataFolder, type RunFolders, runFolders, type Surroundings } from './folders.js';
export { dataCache, openData, prepareData } from './open-data.js';
export { type PredictedImages, type Prediction, type PredictOptions, predict } from './predict.js';
export { readAs, readChosen } from './read-chosen.js';
export { type RunOrder, runConfig, specOf } from './run-config.js';
export { nextRunFolder, runName } from './run-name.js';
export { studentSpec } from './student-spec.js';
export { openFileTeacher, openTeachers, placeTeacher, type TeachingData } from './teachers.js';
export { type ModelFacts, readFacts } from './weights-facts.js';
