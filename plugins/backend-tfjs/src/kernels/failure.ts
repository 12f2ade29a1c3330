import { isLimbeckError, LimbeckError } from '@limbeck/core';
import { messageOf } from '../message-of.js';
import type { KernelsRuntime } from './device.js';

/** How runtimes say that memory is at an end: WebGPU, WebAssembly, JavaScript's own arrays. */
const outOfMemory =
  /out of memory|out-of-memory|cannot enlarge memory|\boom\b|allocation failed|invalid (typed )?array (buffer )?length/i;

/** What went wrong on a device, as one error. */
export function failure(
  what: string,
  { lost, target: { device } }: KernelsRuntime,
  cause: unknown,
  { hint }: { hint?: string } = {},
): LimbeckError {
  if (lost !== undefined) {
    const message = `${what}: the WebGPU device was lost: ${lost}`;
    return new LimbeckError('BACKEND_FAILED', message, {
      hint: 'compile the program again, from the last checkpoint',
      cause,
    });
  }
  if (isLimbeckError(cause)) return cause as LimbeckError;
  const message = messageOf(cause);
  if (outOfMemory.test(message)) {
    return new LimbeckError('BACKEND_FAILED', `${what}: out of memory on ${device}: ${message}`, {
      hint: `take smaller batches${hint === undefined ? '' : `; ${hint}`}`,
      cause,
    });
  }
  return new LimbeckError('BACKEND_FAILED', `${what} failed on ${device}: ${message}`, {
    hint,
    cause,
  });
}
