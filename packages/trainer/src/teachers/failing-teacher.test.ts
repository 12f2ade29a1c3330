import { join } from 'node:path';
import { type ComputeBackend, type Executable, LimbeckError } from '@limbeck/core';
import { referenceBackend } from '@limbeck/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { latestCheckpoint } from '../checkpoint/load.js';
import { outcomeOf, temporaryFolder } from '../testing/run-files.js';
import { toySpec } from '../testing/toy-run.js';
import { train } from '../train/train.js';

let root: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  root = temporaryFolder();
});
afterEach(() => root.remove());

/** Computes as the reference does, until it fails. */
function failing(error: LimbeckError, after: number): ComputeBackend {
  let steps = 0;
  return {
    ...referenceBackend,
    async compile(program, options): Promise<Executable> {
      const executable = await referenceBackend.compile(program, options);
      return {
        ...executable,
        async step(inputs) {
          // the examination on the test split is over by then
          if (++steps > after) throw error;
          return executable.step(inputs);
        },
      };
    },
  };
}

const policy = { everyEpochs: 1, everySteps: 1, keepBest: true };
const none = () => undefined;

it.each([
  ['out of memory', new LimbeckError('BACKEND_FAILED', "'teacher' failed: out of memory")],
  ['a lost device', new LimbeckError('BACKEND_FAILED', "'teacher' failed: device lost")],
  ['a runtime that is gone', new LimbeckError('BACKEND_UNAVAILABLE', 'the runtime is gone')],
])('%s in a step of the teacher leaves the last checkpoint, from which the run goes on', async (_, error) => {
  const straight = join(root.path, 'straight');
  const folder = join(root.path, 'run');
  const spec = (backend: ComputeBackend) => {
    const known = toySpec(referenceBackend, { checkpoint: policy });
    return { ...known, teachers: known.teachers.map((one) => ({ ...one, placement: { backend } })) };
  };
  await train(spec(referenceBackend), { folder: straight });
  // batches of the test split, then a few steps
  const broken = train(spec(failing(error, 2 + 5)), { folder });
  await expect(broken).rejects.toBe(error);
  const left = latestCheckpoint(join(folder, 'checkpoints'), none)!;
  expect(left.manifest.progress.step).toBeGreaterThan(0);
  await train(spec(referenceBackend), { folder, resume: true });
  expect(outcomeOf(folder)).toEqual(outcomeOf(straight));
});
