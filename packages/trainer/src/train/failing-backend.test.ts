import { join } from 'node:path';
import { LimbeckError } from '@limbeck/core';
import type { ComputeBackend, Executable } from '@limbeck/core/backend';
import { referenceBackend } from '@limbeck/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunSpec } from '../run/run-spec.js';
import { latestCheckpoint } from '../store/checkpoint/load.js';
import { outcomeOf, temporaryFolder } from '../testing/run-files.js';
import { toySpec } from '../testing/toy-run.js';
import { train } from './loop.js';
import { prepareRun } from './prepare.js';

let root: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  root = temporaryFolder();
});
afterEach(() => root.remove());

/**
 * Computes as the reference does, until it fails.
 *
 * @param after so many steps
 * @param program of the program of that name. Default: of any
 */
function failing(
  error: LimbeckError,
  { after, program: name }: { after: number; program?: string },
): ComputeBackend {
  let steps = 0;
  return {
    ...referenceBackend,
    async compile(program, options): Promise<Executable> {
      const executable = await referenceBackend.compile(program, options);
      return {
        ...executable,
        async step(inputs) {
          if ((name === undefined || name === program.name) && ++steps > after) throw error;
          return executable.step(inputs);
        },
      };
    },
  };
}

const policy = { everyEpochs: 1, everySteps: 1, keep: { last: 2, best: true } };
const none = () => undefined;

/** Trains on what fails, sees that a checkpoint is left, and goes on from it as if nothing had been. */
async function failsAndGoesOn(broken: RunSpec, error: LimbeckError): Promise<void> {
  const straight = join(root.path, 'straight');
  const folder = join(root.path, 'run');
  const sound = toySpec(referenceBackend, { checkpoint: policy });
  await train(sound, { folder: straight });
  await expect(train(broken, { folder })).rejects.toBe(error);
  const left = latestCheckpoint(join(folder, 'checkpoints'), none)!;
  expect(left.manifest.progress.step).toBeGreaterThan(0);
  await train(sound, { folder, resume: true });
  expect(outcomeOf(folder)).toEqual(outcomeOf(straight));
}

const faults: [string, LimbeckError][] = [
  ['out of memory', new LimbeckError('BACKEND_FAILED', 'a step failed: out of memory')],
  ['a lost device', new LimbeckError('BACKEND_FAILED', 'a step failed: device lost')],
  ['a runtime that is gone', new LimbeckError('BACKEND_UNAVAILABLE', 'the runtime is gone')],
];

it.each(faults)(
  '%s in a step of the teacher leaves the last checkpoint, from which the run goes on',
  async (_, error) => {
    const { teachers, ...others } = toySpec(referenceBackend, { checkpoint: policy });
    // batches of the test split, then a few steps
    const backend = failing(error, { after: 2 + 5 });
    await failsAndGoesOn(
      { ...others, teachers: teachers.map((one) => ({ ...one, placement: { backend } })) },
      error,
    );
  },
);

it.each(faults)('%s in a step of the student does', async (_, error) => {
  const spec = toySpec(referenceBackend, { checkpoint: policy });
  const program = prepareRun(spec).plan.program.name;
  const backend = failing(error, { after: 5, program });
  await failsAndGoesOn({ ...spec, placement: { backend } }, error);
});

it.each(faults)('%s while the student is evaluated does', async (_, error) => {
  const spec = toySpec(referenceBackend, { checkpoint: policy });
  const program = prepareRun(spec).deployed(1).name;
  // the evaluation of the first epoch is over by then
  const backend = failing(error, { after: 3, program });
  await failsAndGoesOn({ ...spec, placement: { backend } }, error);
});
