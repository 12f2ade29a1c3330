/**
 * What configurations, plugins and programs import: the contracts of `@limbeck/core`, and {@link distill}. Nothing heavy is
 * loaded before it is called.
 */
export * from '@limbeck/core';
export type { RunEvent, RunListener, RunResult } from '@limbeck/trainer';
export { type DistillOptions, distill } from './distill.js';
