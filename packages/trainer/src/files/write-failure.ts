import { isLimbeckError, LimbeckError } from '@limbeck/core';

/** Says how to write somewhere else: `choose another folder with --out`. */
export type Elsewhere = string;

/** Of a run's own folder. */
const anotherRunFolder: Elsewhere = 'choose another folder with --out';

/** Only a run is gone on with. */
const afterwards = (elsewhere: Elsewhere): string =>
  elsewhere === anotherRunFolder ? 'then go on with --resume' : `or ${elsewhere}`;

/** What to do about a failed write, by the system's error code. */
const remedies: Readonly<Record<string, (elsewhere: Elsewhere) => string>> = {
  ENOSPC: (elsewhere) => `free some space on that disk, ${afterwards(elsewhere)}`,
  EDQUOT: (elsewhere) => `the disk quota is used up: free some of it, ${afterwards(elsewhere)}`,
  EROFS: (elsewhere) => `the disk is read-only: ${elsewhere}`,
  EACCES: (elsewhere) => `you may not write there: change the permissions or ${elsewhere}`,
  EPERM: (elsewhere) => `you may not write there: change the permissions or ${elsewhere}`,
  ENOTDIR: (elsewhere) => `part of that path is a file: ${elsewhere}`,
  EEXIST: (elsewhere) => `part of that path is a file: ${elsewhere}`,
  EMFILE: () => 'too many files are open: raise the limit (ulimit -n)',
};

/**
 * Runs a change to the disk; its failure names the path, the reason and what to do.
 *
 * @param elsewhere what names another place; default the option for a run's folder
 * @throws LimbeckError WRITE_FAILED
 */
export function writing<Result>(path: string, change: () => Result, elsewhere = anotherRunFolder): Result {
  try {
    return change();
  } catch (cause) {
    if (isLimbeckError(cause)) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new LimbeckError('WRITE_FAILED', `cannot write ${path}: ${reasonOf(code, message)}`, {
      hint: remedies[code ?? '']?.(elsewhere) ?? 'check that the folder is there and can be written',
      details: { path, system: code },
      cause,
    });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the disk (ENOSPC)',
  EDQUOT: 'disk quota exceeded (EDQUOT)',
  EROFS: 'the disk is read-only (EROFS)',
  EACCES: 'permission denied (EACCES)',
};

const reasonOf = (code: string | undefined, message: string): string => reasons[code ?? ''] ?? message;
