import { LimbeckError } from '@limbeck/core';

/** Runs a change to the disk; its failure names the path. */
export async function writing<Result>(target: string, change: () => Promise<Result>): Promise<Result> {
  try {
    return await change();
  } catch (cause) {
    throw new LimbeckError('WRITE_FAILED', `cannot write ${target}: ${(cause as Error).message}`, {
      hint: 'check that the folder is writable and the disk has room',
      details: { path: target },
      cause,
    });
  }
}
