import path from 'node:path';
import { shown } from './config/load-config.js';

/** The folder of teachers' caches, beside the runs that use them, as messages show it. */
export const teacherCacheFolder = (cwd: string): string =>
  shown(path.join(cwd, 'runs', '.cache', 'teacher'), process.cwd());
