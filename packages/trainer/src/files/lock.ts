import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { LimbeckError } from '@limbeck/core';
import { removeQuietly } from './atomic.js';
import { readRegularText, refuseSpecial } from './regular.js';
import { type Elsewhere, writing } from './write-failure.js';

/** Name of the file that says which process works in a folder. */
export const lockName = 'run.lock';

/** The process that holds a lock. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began, in the system's own count; tells a process from a later one with the same number. */
  readonly began?: string;
}

/**
 * Keeps two processes out of one folder. A lock whose process has ended is taken over.
 *
 * @param elsewhere what names another place, where it is not the folder of a run
 * @returns gives the lock back
 * @throws LimbeckError PRECONDITION naming the process that works there
 */
export function lockFolder(folder: string, elsewhere?: Elsewhere): () => void {
  const path = join(folder, lockName);
  refuseSpecial(path);
  const own: Holder = { pid: process.pid, host: hostname(), ...beganOf(process.pid) };
  const text = JSON.stringify(own);
  if (!create(path, text, elsewhere)) {
    const found = read(path);
    const holder = parse(found);
    if (holder !== undefined && isAlive(holder)) throw taken(folder, path, holder);
    discard(path, found, folder);
    if (!create(path, text, elsewhere)) throw taken(folder, path, parse(read(path)));
  }
  return () => {
    if (read(path) === text) removeQuietly(path);
  };
}

/** False where the file is there already. */
function create(path: string, text: string, elsewhere: Elsewhere | undefined): boolean {
  const write = () => {
    try {
      writeFileSync(path, text, { flag: 'wx' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  };
  return writing(path, write, elsewhere);
}

/** Removes a dead lock, unless another process has taken it over in between: moved aside first, nobody else sees it. */
function discard(path: string, dead: string | undefined, folder: string): void {
  const aside = `${path}.${process.pid}`;
  writing(path, () => {
    try {
      renameSync(path, aside);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    const moved = read(aside);
    if (moved !== dead) {
      renameSync(aside, path);
      throw taken(folder, path, parse(moved));
    }
    rmSync(aside);
  });
}

function taken(folder: string, path: string, holder: Holder | undefined): LimbeckError {
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`;
  return new LimbeckError('PRECONDITION', `${who} is working in ${folder}`, {
    hint: `wait for it or stop it; where it is gone for certain, delete ${path}`,
    details: { folder, ...holder },
  });
}

/** A lock of another machine counts as alive: nobody here can tell. */
function isAlive({ pid, host, began }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, but another user's
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = beganOf(pid).began;
  return began === undefined || now === undefined || began === now;
}

/** Linux tells in clock ticks since boot; elsewhere the process number must do. */
function beganOf(pid: number): { began?: string } {
  const stat = read(`/proc/${pid}/stat`);
  // the command's name stands in brackets and may hold anything; the start is the 20th field after it
  const began = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return began === undefined ? {} : { began };
}

function read(path: string): string | undefined {
  try {
    return readRegularText(path);
  } catch {
    return undefined;
  }
}

/** A lock that was cut short while it was written belongs to nobody. */
function parse(text: string | undefined): Holder | undefined {
  try {
    const { pid, host, began } = JSON.parse(text ?? '') as Holder;
    return Number.isSafeInteger(pid) && pid > 0 ? { pid, host: String(host), began } : undefined;
  } catch {
    return undefined;
  }
}
