import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a process has come to at one moment. */
export interface Progress {
  /** Anything that changes when the process gets on: how much it said, when its files changed. */
  readonly mark: string;
  /** Seconds of processor time that it has used; undefined where the system does not say. */
  readonly cpu: number | undefined;
  /** Seconds of the clock. */
  readonly time: number;
}

/** Without progress for so many seconds a process may hang. */
const quiet = 180;
/** A process that hangs runs in circles for longer than this many seconds of processor time, */
const busy = 60;
/** or sleeps and takes less than this. What lies between was not given the processor. */
const asleep = 1;
/** However slow a machine is. */
const longest = 3600;

/** Whether a process hangs, by what it was when it last got on and what it is now. A busy machine is no reason. */
export function hangs(last: Progress, now: Progress): boolean {
  if (last.mark !== now.mark) return false;
  const waited = now.time - last.time;
  if (waited < quiet) return false;
  if (waited > longest || last.cpu === undefined || now.cpu === undefined) return true;
  const used = now.cpu - last.cpu;
  return used > busy || used < asleep;
}

/** When the files under a folder last changed; those of packages do not count. */
export function lastChange(folder: string): number {
  let latest = 0;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name === 'node_modules') continue;
      const path = join(folder, entry.name);
      latest = Math.max(latest, statSync(path).mtimeMs, entry.isDirectory() ? lastChange(path) : 0);
    }
  } catch {
    // renamed or removed meanwhile
  }
  return latest;
}

/** Ticks of a second in /proc; Linux has used 100 on every architecture that Node runs on. */
const ticks = 100;

/** Seconds of processor time of a process, where Linux tells. */
export function cpuSeconds(pid: number): number | undefined {
  try {
    // the name before the last bracket may hold blanks
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticks;
  } catch {
    return undefined;
  }
}
