import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

/**
 * Removes the lock that this process holds on a run's folder, on its way out: the thread that would give it back does not run any
 * more. A lock that stays behind is harmless; whoever finds it sees that its process is gone.
 */
export function removeOwnLock(folder: string): void {
  const file = path.join(folder, 'run.lock');
  try {
    const { pid } = JSON.parse(readFileSync(file, 'utf8')) as { pid?: unknown };
    if (pid === process.pid) rmSync(file);
  } catch {
    // there is none, or not ours
  }
}
