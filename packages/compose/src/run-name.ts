import { mkdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { distillersOf, type ResolvedConfig } from '@limbeck/core/host';
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
  for (let n = 1; ; n++) {
    // again each time: another process may just have given it back
    makeFolder(path.resolve(cwd, 'runs'));
    const folder = path.join('runs', `${name}-${n}`);
    if (isMade(path.resolve(cwd, folder))) return folder;
  }
}

/** Removes a folder that {@link nextRunFolder} made and nothing was written in, and `runs` where nothing else is in it. */
export function giveBackRunFolder(folder: string, cwd: string): void {
  for (const one of [path.resolve(cwd, folder), path.resolve(cwd, 'runs')]) {
    try {
      rmdirSync(one);
    } catch {
      // gone already, or not empty
    }
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
