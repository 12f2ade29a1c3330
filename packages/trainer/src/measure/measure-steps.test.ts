import { LimbeckError } from '@limbeck/core';
import type { ComputeBackend, ProfileOptions } from '@limbeck/core/backend';
import { referenceBackend } from '@limbeck/testkit';
import { expect, test } from 'vitest';
import { toySpec } from '../testing/toy-run.js';
import { measureSteps } from './measure-steps.js';

test('teacher and student are measured apart, over the steps that count', async () => {
  const measured = await measureSteps(toySpec(referenceBackend), { steps: 4, warmUp: 1 });
  expect(measured.programs.map(({ name, backend }) => [name, backend])).toEqual([
    ['teacher', referenceBackend.id],
    ['student', referenceBackend.id],
  ]);
  expect(measured).toMatchObject({ steps: 4, batchSize: 8 });
  const parts = measured.programs.reduce((sum, { ms }) => sum + ms, measured.dataMs);
  expect(parts).toBeGreaterThan(0);
  expect(measured.imagesPerSecond).toBeCloseTo(8000 / measured.stepMs);
  // nobody asked
  expect(measured.programs.every((one) => !('profile' in one || 'noProfile' in one))).toBe(true);
});

test('a profile is asked of each executable, and only where it is wanted', async () => {
  const entry = { operation: 'MatMul', scope: 'fc', milliseconds: 1, count: 1 };
  const asked: (boolean | undefined)[] = [];
  const warmUps: (number | undefined)[] = [];
  const backend: typeof referenceBackend = {
    ...referenceBackend,
    async compile(program, options) {
      asked.push(options?.profile);
      const profile = async (how?: ProfileOptions) => {
        warmUps.push(how?.warmUp);
        return [entry];
      };
      return { ...(await referenceBackend.compile(program, options)), profile };
    },
  };
  const said: string[] = [];
  const { programs } = await measureSteps(toySpec(backend), {
    steps: 1,
    warmUp: 1,
    profile: true,
    say: (line) => said.push(line),
  });
  expect(said).toEqual([
    'measured steps: 1, after 1 to warm up',
    "profiling 'teacher'",
    "profiling 'student'",
  ]);
  expect(programs.map(({ profile }) => profile)).toEqual([[entry], [entry]]);
  const plain = await measureSteps(toySpec(backend), { steps: 1, warmUp: 0 });
  expect(plain.programs.every(({ profile }) => profile === undefined)).toBe(true);
  expect(warmUps).toEqual([1, 1]);
  expect(asked).toEqual([true, true, false, false]);
});

test('why there is no profile is said, and the times are given all the same', async () => {
  const measure = (backend: ComputeBackend) =>
    measureSteps(toySpec(backend), { steps: 1, warmUp: 0, profile: true });
  const untold = await measure(referenceBackend);
  expect(untold.programs.map((one) => [one.profile, one.noProfile])).toEqual(
    ['teacher', 'student'].map((name) => [
      undefined,
      {
        reason: `there are no times of the operations of '${name}': the backend 'reference' does not tell them`,
      },
    ]),
  );
  const refused = await measure({
    ...referenceBackend,
    async compile(program, options) {
      const profile = async () => {
        throw new LimbeckError('BACKEND_UNSUPPORTED', 'no clock', { hint: 'buy one' });
      };
      return { ...(await referenceBackend.compile(program, options)), profile };
    },
  });
  const noProfile = { reason: 'no clock', hint: 'buy one' };
  expect(refused.programs.map((one) => one.noProfile)).toEqual([noProfile, noProfile]);
  expect(refused.stepMs).toBeGreaterThan(0);
});

test('what is interrupted gives what was measured', async () => {
  let steps = 0;
  const stop = () => ++steps > 4;
  expect((await measureSteps(toySpec(referenceBackend), { steps: 50, stop })).steps).toBeLessThan(50);
});
