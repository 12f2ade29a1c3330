import { open } from 'node:fs/promises';
import { isLimbeckError, type PublishedFile } from '@limbeck/core';
import { writing } from './write.js';

/** One address did not give the file; the next may. Never leaves this folder. */
export class ServerFault extends Error {}

/** What one request needs to know. */
export interface Reception {
  readonly url: string;
  readonly file: PublishedFile;
  /** Where the bytes go. */
  readonly part: string;
  /** Seconds without a byte after which the server is given up. */
  readonly idleTimeout: number;
  readonly signal?: AbortSignal;
  /** Called with the number of bytes in `part`. */
  readonly onReceived: (received: number) => void;
}

/**
 * Asks for the bytes from `start` on and appends them to the part, never more than the file has.
 *
 * @returns where writing began: `start`, or 0 when the server ignored the range and gave the whole file; `undefined`
 *   when the server cannot continue from `start`, so that nothing was written (never for `start` 0)
 * @throws ServerFault when the server refuses, breaks off, sends too much or falls silent; what arrived stays in the part
 */
export async function receive(start: number, reception: Reception): Promise<number | undefined> {
  const { url, file, part, idleTimeout, signal, onReceived } = reception;
  const request = new AbortController();
  const silence = setTimeout(
    () => request.abort(new ServerFault(`sent nothing for ${idleTimeout} s`)),
    idleTimeout * 1000,
  );
  try {
    const response = await fetch(url, {
      // `identity`: some servers label a .gz file as an encoding, and fetch would unpack it.
      headers: { 'Accept-Encoding': 'identity', ...(start > 0 && { Range: `bytes=${start}-` }) },
      signal: signal === undefined ? request.signal : AbortSignal.any([request.signal, signal]),
    });
    const from = firstByte(response, start);
    if (from === undefined || response.body === null) return from;
    const handle = await writing(part, () => open(part, from === 0 ? 'w' : 'a'));
    try {
      let received = from;
      for await (const chunk of response.body) {
        silence.refresh();
        received += chunk.byteLength;
        if (received > file.size) throw new ServerFault(`sent more than the published ${file.size} bytes`);
        await writing(part, () => handle.appendFile(chunk));
        onReceived(received);
      }
      if (received < file.size) throw new ServerFault(`broke off after ${received} of ${file.size} bytes`);
      await writing(part, () => handle.sync());
    } finally {
      await handle.close();
    }
    return from;
  } catch (error) {
    if (isLimbeckError(error) || error instanceof ServerFault) throw error;
    throw new ServerFault(reason(error));
  } finally {
    clearTimeout(silence);
    // Ends a connection whose answer was not wanted to its end.
    request.abort();
  }
}

/** Where the answer's bytes begin, judged by its status and range. */
function firstByte(response: Response, start: number): number | undefined {
  if (response.status === 200) return 0;
  if (start > 0 && response.status === 206) {
    return response.headers.get('content-range')?.startsWith(`bytes ${start}-`) ? start : undefined;
  }
  if (start > 0 && response.status === 416) return undefined;
  throw new ServerFault(`answered ${response.status} ${response.statusText}`.trim());
}

/** `fetch` says "fetch failed" and hides why in the cause. */
function reason(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
