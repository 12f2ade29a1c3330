import { join } from 'node:path';
import { defineDistiller, type Split, type Targets } from '@limbeck/core';
import type { RunDataset } from '@limbeck/data';
import { mean, square, sub } from '@limbeck/graph';
import { referenceBackend } from '@limbeck/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { teacherAgreement } from '../analysis/teacher-agreement.js';
import type { RunSpec } from '../run/run-spec.js';
import { meanAveragePrecision } from '../standard/average-precision.js';
import { binaryCrossEntropy } from '../tasks/binary-cross-entropy.js';
import { noTask } from '../tasks/none.js';
import { temporaryFolder } from '../testing/run-files.js';
import { toyDataset } from '../testing/toy-data.js';
import { toySpec } from '../testing/toy-run.js';
import { train } from './loop.js';

let root: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  root = temporaryFolder();
});
afterEach(() => root.remove());

const withTargets = ({ length, read }: Split, targetsOf: (length: number) => Targets): Split => ({
  length,
  read,
  targets: targetsOf(length),
});

function dataset(targetsOf: (length: number) => Targets): RunDataset {
  const data = toyDataset();
  return { ...data, train: withTargets(data.train, targetsOf), test: withTargets(data.test, targetsOf) };
}

const unlabelled = dataset(() => ({ kind: 'none' }));
const multiHot = dataset((length) => ({
  kind: 'multi-hot',
  values: Float32Array.from({ length: 2 * length }, (_, i) => Number(i % 4 !== 1)),
}));

const agreement = { contribution: teacherAgreement, options: {} };
const none = { contribution: noTask, options: {} };

const spec = (data: RunDataset, changes: Partial<RunSpec> = {}) => {
  const usual = toySpec(referenceBackend);
  return { ...usual, data: { ...usual.data, dataset: data }, metrics: [agreement], ...changes };
};

const run = (what: RunSpec) => train(what, { folder: join(root.path, 'run') });

describe('without labels', () => {
  it('a student learns from its teacher alone', async () => {
    const result = await run(spec(unlabelled, { task: none }));
    expect(result).toMatchObject({ epochs: 3, last: { 'teacher-agreement': expect.any(Number) } });
    expect(result.teachers).toEqual({ teacher: { metrics: {} } });
  });

  it('labels that are there change nothing where nothing reads them', async () => {
    const labelled = await run(spec(toyDataset(), { task: none }));
    root.remove();
    root = temporaryFolder();
    const blind = await run(spec(unlabelled, { task: none }));
    expect(blind.last).toEqual(labelled.last);
  });

  it.each([
    ['the task', {}, "task 'cross-entropy' reads index or soft targets, but the training split gives none"],
    [
      'a metric',
      { task: none, metrics: toySpec(referenceBackend).metrics },
      "metric 'top1' reads index targets, but the test split gives none",
    ],
    [
      'a weight of nothing',
      { task: none, taskWeight: 2 },
      "task.weight is 2, but task 'none' has no loss to be weighed",
    ],
    [
      'a distiller',
      { task: none, distillers: [{ distiller: reading(['index']), options: {} }] },
      "distiller 'reading' reads index targets, but the training split gives none",
    ],
  ] as const)('%s that needs some is refused by name', async (_, changes, message) => {
    await expect(run(spec(unlabelled, changes))).rejects.toThrow(message);
  });
});

describe('several classes at once', () => {
  const task = { contribution: binaryCrossEntropy, options: { labelSmoothing: 0 } };

  it('are learnt each on its own and ranked', async () => {
    const metrics = [{ contribution: meanAveragePrecision, options: {} }];
    const { last } = await run(spec(multiHot, { task, metrics, teachers: [], distillers: [] }));
    expect(last.map).toBeGreaterThan(0.5);
  });

  it('are refused by methods of one distribution', async () => {
    const distillers = [{ distiller: reading(undefined, true), options: {} }];
    await expect(run(spec(multiHot, { task, distillers }))).rejects.toThrow(
      "distiller 'reading' takes logits as one distribution over the classes, but the training split gives multi-hot targets",
    );
  });
});

it('a distiller reads only what it says it reads', async () => {
  const distillers = [{ distiller: reading([]), options: {} }];
  await expect(run(spec(toyDataset(), { distillers }))).rejects.toThrow(
    "distiller 'reading' reads class indices without saying so",
  );
});

function reading(targets: readonly ['index'] | readonly [] | undefined, exclusive = false) {
  return defineDistiller({
    id: 'reading',
    description: 'looks at labels',
    ...(targets && { targets }),
    exclusive,
    build({ student, teacher, labels }) {
      expect(labels.shape).toEqual([8]);
      return { losses: { far: { weight: 1, value: mean(square(sub(student.logits, teacher.logits))) } } };
    },
  });
}
