import type { RunListener } from './events.js';

/** Whom work that takes a while tells what it does, and whom it asks whether to go on. */
export interface Control {
  readonly emit: RunListener;
  /** True once the work should end with INTERRUPTED. */
  readonly stop: () => boolean;
}
