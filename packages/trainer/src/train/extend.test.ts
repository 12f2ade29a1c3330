import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { referenceBackend } from '@limbeck/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunEvent } from '../run/events.js';
import type { RunSpec } from '../run/run-spec.js';
import { constant, linear } from '../standard/schedules.js';
import { outcomeOf, temporaryFolder } from '../testing/run-files.js';
import { toyDistiller } from '../testing/toy-models.js';
import { toySpec } from '../testing/toy-run.js';
import { train } from './loop.js';

let root: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  root = temporaryFolder();
});
afterEach(() => root.remove());

const steady = { contribution: constant, options: {} };

const spec = (epochs: number, changes: Partial<RunSpec> = {}) =>
  toySpec(referenceBackend, { epochs, schedule: steady, ...changes });

/** Ends a run of two epochs, and asks for more. */
async function extend(more: RunSpec, before: RunSpec = spec(2)) {
  const folder = join(root.path, 'run');
  await train(before, { folder });
  const events: RunEvent[] = [];
  const record = { config: { epochs: more.epochs }, environment: {} };
  const options = {
    folder,
    resume: true,
    extend: true,
    record,
    onEvent: (event: RunEvent) => events.push(event),
  };
  const error = await train(more, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { folder, error, resume: events.find(({ type }) => type === 'resume') };
}

it('a finished run goes on to what it would have been, had it been started for longer', async () => {
  const { folder, error, resume } = await extend(spec(4));
  expect(error).toBeUndefined();
  expect(resume).toMatchObject({ epoch: 2, extendedFrom: 2 });
  const straight = join(root.path, 'straight');
  await train(spec(4), { folder: straight });
  expect(outcomeOf(folder)).toEqual(outcomeOf(straight));
});

it('weights of terms may change over the run, but not with its length', async () => {
  const distilled = (end: number) => ({
    distillers: [
      {
        distiller: toyDistiller,
        options: { weight: 0.5 },
        schedule: { contribution: linear, options: { start: 0, end, from: 0, to: 1, by: 'step' as const } },
      },
    ],
  });
  expect((await extend(spec(3, distilled(9)), spec(2, distilled(9)))).error).toBeUndefined();
});

it.each<[string, () => [RunSpec, RunSpec?], RegExp]>([
  [
    'a rate that falls over the whole run',
    () => [toySpec(referenceBackend, { epochs: 4 }), toySpec(referenceBackend, { epochs: 2 })],
    /cannot be extended: the learning rate depends on the length of the run; in step 2 it was 0\.0\d+, and for 4 epochs/,
  ],
  ['fewer epochs', () => [spec(1)], /was started for 2 epochs, and 1 are fewer/],
  [
    'one that stopped early',
    () => {
      const earlyStopping = { patience: 1, minDelta: 2 };
      return [spec(9, { earlyStopping }), spec(5, { earlyStopping })];
    },
    /it stopped early, since top1 has not improved/,
  ],
  [
    'another setting as well',
    () => [spec(4, { lr: 0.2 })],
    /had another configuration:\n {2}lr: 0\.1, now 0\.2/,
  ],
])('%s is refused, and the run stays finished', async (_, runs, message) => {
  const [more, before] = runs();
  const { folder, error } = await extend(more, before);
  expect(error).toMatchObject({ code: 'PRECONDITION', message: expect.stringMatching(message) });
  expect(existsSync(join(folder, 'result.json'))).toBe(true);
});
