import { isInterruption } from './failure.mjs';

/**
 * Says in one line what is done and why, and how long it took. Goes to standard error: a script's own output may be read by a program.
 * @template T
 * @param {string} step
 * @param {string} reason
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function announce(step, reason, work) {
  const start = performance.now();
  process.stderr.write(`${step}: ${reason} ... `);
  try {
    const result = await work();
    process.stderr.write(`${duration(performance.now() - start)}\n`);
    return result;
  } catch (error) {
    process.stderr.write(isInterruption(error) ? 'stopped\n' : 'failed\n');
    throw error;
  }
}

/** @param {number} milliseconds */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}
