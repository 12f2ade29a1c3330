import { spawn } from 'node:child_process';
import { LimbeckError } from '@limbeck/core';
import type { ModelLimits } from '@limbeck/core/backend';
import { memoryMark, type TrialAnswer, type TrialOrder, trialScript } from './trial-script.js';

/** How much of what the process says is kept. Characters. */
const keptWords = 4096;

/** Memory in words. */
const megabytes = (bytes: number): string => `${Math.round(bytes / (1 << 20))} MiB`;

/**
 * Runs a trial in a process of its own, which is ended when it exceeds its limits.
 *
 * @param name what messages call the model
 * @throws LimbeckError MODEL_LIMITS where it exceeds a limit or dies
 */
export function runTrial(
  order: Omit<TrialOrder, 'memoryBytes'>,
  { memoryBytes, seconds }: ModelLimits,
  name: string,
): Promise<TrialAnswer> {
  const child = spawn(process.execPath, ['-e', trialScript], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  let said = '';
  let answer: TrialAnswer | undefined;
  let late = false;
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-keptWords);
  });
  child.on('message', (message) => {
    answer = message as TrialAnswer;
  });
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, 1000 * seconds);
  return new Promise((resolve, reject) => {
    const fail = (what: string, hint: string) =>
      reject(
        new LimbeckError('MODEL_LIMITS', `'${name}' was tried in a process of its own, which ${what}`, {
          hint,
          details: { model: name, memoryBytes, seconds },
        }),
      );
    child.on('error', (error) => fail(`could not be started: ${error.message}`, 'see `limbeck doctor`'));
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      const raise = 'if the file can be trusted, raise teacher.limits';
      if (answer !== undefined) resolve(answer);
      else if (late) fail(`took over ${seconds} seconds`, `${raise}: seconds`);
      else if (said.includes(memoryMark))
        fail(`took over ${megabytes(memoryBytes)} of memory`, `${raise}: memory, in MiB`);
      else if (signal === null)
        fail(`ended with status ${status}: ${lastLine(said)}`, 'is the file damaged, or made to do harm?');
      else
        fail(
          `was ended by ${signal}`,
          'is the file damaged, or made to do harm, or is the machine short of memory?',
        );
    });
    // a process that ends before it has read this says why by its status
    child.send({ ...order, memoryBytes } satisfies TrialOrder, () => undefined);
  });
}

const lastLine = (said: string): string => said.trim().split('\n').at(-1) || 'it said nothing';
