import { spawn } from 'node:child_process';
import { LimbeckError } from '@limbeck/core';
import type { PrimitiveLog } from './primitive-log.js';
import { type ReplayOrder, replayScript } from './replay-script.js';

/** What makes oneDNN write its log; both are read when the library is loaded, and so is the last one. */
const logging = { ONEDNN_VERBOSE: '1', ONEDNN_VERBOSE_TIMESTAMP: '1', TF_CPP_MIN_LOG_LEVEL: '2' };

/** How much of what went wrong is kept. Characters. */
const keptErrors = 4096;

/**
 * Runs steps in a process of their own, since a library that is loaded already cannot be told to write its log, and since the log
 * goes to the standard output.
 *
 * @param name what messages call the program
 * @throws LimbeckError BACKEND_FAILED where the process does not come to its end
 */
export function replay(order: ReplayOrder, log: PrimitiveLog, name: string): Promise<void> {
  const child = spawn(process.execPath, ['-e', replayScript], {
    env: { ...process.env, ...logging },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  let said = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => log.write(text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-keptErrors);
  });
  return new Promise((resolve, reject) => {
    const fail = (why: string) =>
      reject(
        new LimbeckError('BACKEND_FAILED', `profiling '${name}' in a process of its own failed: ${why}`),
      );
    child.on('error', (error) => fail(error.message));
    child.on('close', (status, signal) => {
      if (status === 0) resolve();
      else
        fail(
          signal === null ? (errorIn(said) ?? `it ended with status ${status}`) : `it was ended by ${signal}`,
        );
    });
    // a process that ends before it has read this says why by its status
    child.send(order, () => undefined);
  });
}

/** The line of an uncaught error. */
const errorIn = (said: string): string | undefined =>
  said
    .split('\n')
    .find((line) => /^(\w*Error|.*: symbol lookup error): /.test(line))
    ?.trim();
