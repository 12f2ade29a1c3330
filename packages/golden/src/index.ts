export { createGoldenHost } from './golden-host.js';
export type { GoldenContext, Outcome } from './outcome.js';
export { runGolden } from './run.js';
export { boundBackend, type TargetPlace, targetPlaces } from './targets.js';
export { runTrajectory, trajectoryFile } from './trajectory.js';
