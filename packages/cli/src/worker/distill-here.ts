import path from 'node:path';
import { LimbeckError, type RunConfig } from '@limbeck/core';
import { resolveConfig } from '@limbeck/core/host';
import type { RunResult } from '@limbeck/trainer';
import { anchorPaths } from '../config/anchor-paths.js';
import type { DistillOptions } from '../distill.js';
import { runOpened } from './train-task.js';

/** A run of a configuration that code wrote. */
export function distillHere(
  config: RunConfig,
  { folder, onEvent, stop }: DistillOptions,
): Promise<RunResult> {
  const cwd = process.cwd();
  if (config.extends !== undefined) {
    throw new LimbeckError('CONFIG_INVALID', "distill(): 'extends' is for configuration files", {
      hint: 'spread the object to start from, or write a file and use limbeck train',
    });
  }
  const layer = { source: 'distill()', value: anchorPaths(config, cwd) };
  const file = path.join(cwd, 'distill()');
  const opened = {
    ...resolveConfig([layer]),
    ...{ file, origin: file, set: [] },
    folders: [cwd],
    layers: [layer],
  };
  return runOpened(opened, {
    cwd,
    env: process.env,
    out: folder,
    onEvent,
    stop,
  });
}
