import { existsSync } from 'node:fs';
import path from 'node:path';
import { type ResolvedConfig, runUses } from '@limbeck/core';

/** What a run is called: its own name, else student and distillers. */
export function runName(config: ResolvedConfig): string {
  const { student, distillers } = runUses(config);
  const name = config.name ?? [student, ...distillers].map(({ use }) => use.use).join('-');
  return name.replace(/[^\w.-]+/g, '-').replace(/^\.+/, '') || 'run';
}

/** The next free folder: `runs/<name>-<n>`. */
export function nextRunFolder(name: string, cwd: string): string {
  for (let n = 1; ; n++) {
    const folder = path.join('runs', `${name}-${n}`);
    if (!existsSync(path.resolve(cwd, folder))) return folder;
  }
}
