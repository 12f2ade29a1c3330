export { obstacle, type Placements, placements, type RunsOn } from './placements.js';
export { printCost, printProfile, printReport } from './print.js';
export type { Measurement, Report, Row } from './protocol.js';
export { type BenchStep, prepareStep } from './step.js';
export { type Workload, workloads } from './workloads.js';
