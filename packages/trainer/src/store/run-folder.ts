import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { LimbeckError } from '@limbeck/core';
import { LineFile } from '../files/append.js';
import { partial, removeQuietly, writeJson } from '../files/atomic.js';
import { lockFolder, lockName } from '../files/lock.js';
import { fileAmong, makeFolder } from '../files/make-folder.js';
import { readRegularText } from '../files/regular.js';

/** What is written down about a run before it starts: JSON values. */
export interface RunRecord {
  /** The configuration it was made from, complete. */
  readonly config: unknown;
  /** Versions, machine, anything that tells where it ran. */
  readonly environment: unknown;
}

/** Names of what a run folder holds. */
export const runFiles = {
  config: 'config.json',
  environment: 'environment.json',
  metrics: 'metrics.jsonl',
  log: 'run.log',
  checkpoints: 'checkpoints',
  student: 'student.safetensors',
  /** Beside it: the student of the epoch that was not deployed. */
  others: { best: 'student-best.safetensors', last: 'student-last.safetensors' },
  result: 'result.json',
} as const;

/** The folder of one run. One process works in it at a time. */
export class RunFolder {
  /** As it was given; messages and events name it so. */
  readonly path: string;
  readonly metrics: LineFile;
  readonly log: LineFile;
  readonly #made: boolean;
  readonly #unlock: () => void;

  private constructor(path: string, made: boolean, unlock: () => void) {
    this.path = path;
    this.#made = made;
    this.#unlock = unlock;
    this.metrics = new LineFile(join(path, runFiles.metrics));
    this.log = new LineFile(join(path, runFiles.log));
  }

  /**
   * Makes the folder of a new run.
   *
   * @throws LimbeckError ALREADY_EXISTS where something is there, WRITE_FAILED
   */
  static create(path: string, record: RunRecord): RunFolder {
    refuseOccupied(path);
    makeFolder(path);
    return RunFolder.#hold(path, true, () => {
      refuseOccupied(path);
      writeJson(join(path, runFiles.environment), record.environment);
      makeFolder(join(path, runFiles.checkpoints));
      // the last of them: a folder without it holds nothing yet
      writeJson(join(path, runFiles.config), record.config);
    });
  }

  /**
   * Opens the folder of a run that was stopped.
   *
   * @param options.finished whether a run that has finished is opened as well, to be extended
   * @throws LimbeckError NOT_FOUND where no run is there, PRECONDITION where it has finished or another process holds it
   */
  static reopen(path: string, { finished = false }: { readonly finished?: boolean } = {}): RunFolder {
    if (!entriesOf(path).includes(runFiles.config)) {
      throw new LimbeckError('NOT_FOUND', `there is no run to resume in ${path}`, {
        hint: `a run folder holds a ${runFiles.config}; leave --resume out to start a new run`,
        details: { path },
      });
    }
    return RunFolder.#hold(path, false, () => {
      if (!finished && entriesOf(path).includes(runFiles.result)) {
        throw new LimbeckError('PRECONDITION', `the run in ${path} has finished`, {
          hint: `its results are in ${join(path, runFiles.result)}; extend it with --set train.epochs=N, or start another run from its weights with --from ${path}`,
          details: { path },
        });
      }
      makeFolder(join(path, runFiles.checkpoints));
    });
  }

  static #hold(path: string, made: boolean, prepare: () => void): RunFolder {
    const unlock = lockFolder(path);
    try {
      prepare();
      return new RunFolder(path, made, unlock);
    } catch (error) {
      unlock();
      throw error;
    }
  }

  /** Path of something inside. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** The configuration the run was started with. */
  config(): unknown {
    const path = this.file(runFiles.config);
    try {
      return JSON.parse(readRegularText(path));
    } catch (cause) {
      throw new LimbeckError('BAD_FILE', `cannot read ${path}: ${(cause as Error).message}`, {
        hint: 'restore the file, or start another run',
        cause,
      });
    }
  }

  /** Notes that the run goes on for longer than it was started for: it has not finished any more. */
  extend({ config, environment }: RunRecord): void {
    writeJson(this.file(runFiles.environment), environment);
    writeJson(this.file(runFiles.config), config);
    removeQuietly(this.file(runFiles.result));
  }

  /** Lets the folder go. */
  close(): void {
    this.metrics.close();
    this.log.close();
    this.#unlock();
  }

  /** Removes a folder that was made for a run which never began, so that the next attempt finds its place free. */
  discard(): void {
    this.close();
    if (!this.#made) return;
    const { config, environment, metrics, log } = runFiles;
    for (const name of [config, environment, metrics, log]) removeQuietly(this.file(name));
    for (const folder of [this.file(runFiles.checkpoints), this.path]) {
      try {
        rmdirSync(folder);
      } catch {
        return; // not empty: somebody else's files stay
      }
    }
  }
}

function refuseOccupied(path: string): void {
  const entries = entriesOf(path);
  // a process killed before the run began may have left these
  const remains = [lockName, runFiles.environment];
  if (entriesOf(join(path, runFiles.checkpoints)).length === 0) remains.push(runFiles.checkpoints);
  if (entries.every((name) => remains.includes(name) || name.endsWith(partial))) return;
  const isRun = entries.includes(runFiles.config);
  throw new LimbeckError('ALREADY_EXISTS', `${path} ${isRun ? 'holds a run already' : 'is not empty'}`, {
    hint: isRun
      ? `go on with it: --resume ${path}; or choose another folder with --out`
      : 'choose another folder with --out',
    details: { path },
  });
}

/** Names in a folder; none where it is not there. */
function entriesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    const file = code === 'ENOTDIR' ? fileAmong(path) : undefined;
    const what = file === undefined ? message : file === path ? 'it is a file' : `${file} is a file`;
    throw new LimbeckError('ALREADY_EXISTS', `${path} cannot be a run folder: ${what}`, {
      hint: 'choose another folder with --out',
      details: { path },
      cause,
    });
  }
}
