import type { RunConfig } from '@limbeck/core';
import type { RunListener, RunResult } from '@limbeck/trainer';

/** A run as `defineConfig` takes it, with where it is written and who follows it. */
export interface DistillOptions {
  /** The run's folder, which must not exist. Default: the next free `runs/<name>-<n>`. */
  readonly folder?: string;
  /** Hears everything the run says. */
  readonly onEvent?: RunListener;
  /** Asked after every step; true ends the run with a checkpoint and the error INTERRUPTED. */
  readonly stop?: () => boolean;
}

/**
 * Trains a student as a configuration says: what `limbeck train` does, in the calling thread, which is blocked while a step
 * runs. Paths are relative to the working directory; `extends` is for files.
 *
 * @throws LimbeckError with a code that says what is wrong
 *
 * @example
 * const { last, files } = await distill({
 *   data: { use: 'fashion-mnist-subset', augment: ['flip'] },
 *   teacher: { use: 'resnet14x2', weights: 'teacher.safetensors' },
 *   student: 'resnet8',
 *   distiller: 'projector-ensemble',
 *   train: { epochs: 4 },
 * });
 */
export async function distill(config: RunConfig, options: DistillOptions = {}): Promise<RunResult> {
  const { distillHere } = await import('./worker/distill-here.js');
  return distillHere(config, options);
}
