import path from 'node:path';
import type { RunFolders } from './compose/compose-run.js';
import { shown } from './config/load-config.js';

/** The folders of what runs share, beside those runs, as messages show them. */
export function cacheFolders(cwd: string): Pick<RunFolders, 'cacheDir' | 'calibrationDir'> {
  const folder = (name: string) => shown(path.join(cwd, 'runs', '.cache', name), process.cwd());
  return { cacheDir: folder('teacher'), calibrationDir: folder('calibration') };
}
