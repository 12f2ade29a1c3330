import { rm, stat } from 'node:fs/promises';
import { LimbeckError } from '@limbeck/core';
import { type Reception, receive, ServerFault } from './receive.js';
import { checkFile } from './verify.js';
import { writing } from './write.js';

/**
 * Completes the part from the first address that gives the published bytes, continuing what an earlier attempt left.
 *
 * @throws LimbeckError `DOWNLOAD_FAILED` with every address's fault, `WRITE_FAILED`
 */
export async function download(urls: readonly string[], reception: Omit<Reception, 'url'>): Promise<void> {
  const { file, signal } = reception;
  const faults: string[] = [];
  for (const url of urls) {
    try {
      return await downloadFrom({ ...reception, url });
    } catch (error) {
      if (!(error instanceof ServerFault) || signal?.aborted) throw error;
      faults.push(`${url} ${error.message}`);
    }
  }
  throw new LimbeckError(
    'DOWNLOAD_FAILED',
    `could not download ${file.name}: ${faults.join('; ') || 'it has no address'}`,
    {
      hint: 'check the network and try again, or put the file in its place by hand',
      details: { name: file.name, faults },
    },
  );
}

async function downloadFrom(reception: Reception): Promise<void> {
  const { part, file, signal } = reception;
  let start = await partSize(part);
  for (;;) {
    if (start > file.size) start = 0;
    if (start < file.size) {
      const began = await receive(start, reception);
      if (began === undefined) {
        start = 0;
        continue;
      }
      start = began;
    }
    const state = await checkFile(part, file, signal);
    if (state.kind === 'good') return;
    await writing(part, () => rm(part, { force: true }));
    if (start === 0)
      throw new ServerFault(
        state.kind === 'wrong' ? `sent a wrong file: ${state.difference}` : 'sent nothing',
      );
    // The bytes of the earlier attempt may be the wrong ones: once more, from the beginning.
    start = 0;
  }
}

async function partSize(part: string): Promise<number> {
  const found = await stat(part).catch(() => undefined);
  return found?.size ?? 0;
}
