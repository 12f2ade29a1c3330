export { createGoldenHost } from './golden-host.js';
export type { GoldenContext, Outcome } from './outcome.js';
export { runGolden } from './run.js';
export { runTrajectory, trajectoryFile } from './trajectory.js';
