import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { distillersOf, type ResolvedConfig } from '@limbeck/core';
import { makeFolder, writing } from '@limbeck/trainer';

/** What a run is called: its own name, else student and distillers. */
export function runName(config: ResolvedConfig): string {
  const name = config.name ?? [config.student, ...distillersOf(config)].map(({ use }) => use).join('-');
  return name.replace(/[^\w.-]+/g, '-').replace(/^\.+/, '') || 'run';
}

/**
 * Makes the next free folder, `runs/<name>-<n>`: the number is taken by making it, so that of several processes that start at once each
 * has its own.
 *
 * @throws LimbeckError WRITE_FAILED
 */
export function nextRunFolder(name: string, cwd: string): string {
  makeFolder(path.resolve(cwd, 'runs'));
  for (let n = 1; ; n++) {
    const folder = path.join('runs', `${name}-${n}`);
    if (isMade(path.resolve(cwd, folder))) return folder;
  }
}

/** False where something is there already. */
function isMade(folder: string): boolean {
  return writing(folder, () => {
    try {
      mkdirSync(folder);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });
}
