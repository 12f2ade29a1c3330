import { existsSync } from 'node:fs';
import path from 'node:path';
import { distillersOf, type ResolvedConfig } from '@limbeck/core';

/** What a run is called: its own name, else student and distillers. */
export function runName(config: ResolvedConfig): string {
  const name = config.name ?? [config.student, ...distillersOf(config)].map(({ use }) => use).join('-');
  return name.replace(/[^\w.-]+/g, '-').replace(/^\.+/, '') || 'run';
}

/** The next free folder: `runs/<name>-<n>`. */
export function nextRunFolder(name: string, cwd: string): string {
  for (let n = 1; ; n++) {
    const folder = path.join('runs', `${name}-${n}`);
    if (!existsSync(path.resolve(cwd, folder))) return folder;
  }
}
