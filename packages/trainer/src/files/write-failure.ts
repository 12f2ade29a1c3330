import { isLimbeckError, LimbeckError } from '@limbeck/core';

/** What to do about a failed write, by the system's error code. */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space on that disk, then go on with --resume',
  EDQUOT: 'the disk quota is used up: free some of it, then go on with --resume',
  EROFS: 'the disk is read-only: choose another folder with --out',
  EACCES: 'you may not write there: change the permissions or choose another folder with --out',
  EPERM: 'you may not write there: change the permissions or choose another folder with --out',
  ENOTDIR: 'part of that path is a file: choose another folder with --out',
  EEXIST: 'part of that path is a file: choose another folder with --out',
  EMFILE: 'too many files are open: raise the limit (ulimit -n)',
};

/**
 * Runs a change to the disk; its failure names the path, the reason and what to do.
 *
 * @throws LimbeckError WRITE_FAILED
 */
export function writing<Result>(path: string, change: () => Result): Result {
  try {
    return change();
  } catch (cause) {
    if (isLimbeckError(cause)) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new LimbeckError('WRITE_FAILED', `cannot write ${path}: ${reasonOf(code, message)}`, {
      hint: remedies[code ?? ''] ?? 'check that the folder is there and can be written',
      details: { path, ...(code === undefined ? {} : { system: code }) },
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
