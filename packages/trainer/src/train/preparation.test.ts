import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labelsOf, noTargets, targetsOf } from '@limbeck/core';
import { readSafetensors } from '@limbeck/formats';
import { referenceBackend } from '@limbeck/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../run/events.js';
import type { RunSpec } from '../run/run-spec.js';
import { noTask } from '../tasks/none.js';
import { preparingDistiller } from '../testing/preparing-distiller.js';
import { recordRun } from '../testing/record-run.js';
import { outcomeOf, temporaryFolder } from '../testing/run-files.js';
import { toyDataset } from '../testing/toy-data.js';
import { toySpec } from '../testing/toy-run.js';

const root = temporaryFolder();
afterAll(() => root.remove());
let folders = 0;
const newFolder = (name = 'run') => join(root.path, `${name}-${folders++}`);

type Options = Parameters<typeof preparingDistiller.build>[0]['options'];

const spec = (folder: string | undefined, options: Options = {}, changes: Partial<RunSpec> = {}): RunSpec => {
  const toy = toySpec(referenceBackend, {
    epochs: 2,
    distillers: [{ distiller: preparingDistiller, options }],
    checkpoint: { everyEpochs: 1, everySteps: 1, keep: { last: 20, best: true } },
    ...changes,
  });
  return {
    ...toy,
    teachers: toy.teachers.map((one) => ({ ...one, ...(folder && { preparedFolder: folder }) })),
  };
};

function run(
  what: RunSpec,
  { folder = newFolder(), resume = false, until = (_: RunEvent) => false as boolean } = {},
) {
  let isOver = false;
  const onEvent = (event: RunEvent) => {
    isOver ||= until(event);
  };
  return recordRun(what, { folder, resume, onEvent, stop: () => isOver });
}

const checkpointOf = (folder: string, step: number) =>
  readSafetensors(readFileSync(join(folder, 'checkpoints', `step-${step}.safetensors`))).tensors;

const name = 'distiller.preparing.prepared.class-means.means';

describe('a distiller that has to know the teacher beforehand', () => {
  it('is given what was computed over the training images, in the first step and in checkpoints', async () => {
    const { folder, error, of } = await run(spec(undefined));
    expect(error).toBeUndefined();
    const [[prepared], asked] = [of('prepared'), of('prepare')];
    expect(prepared).toMatchObject({ preparation: 'class-means of preparing', source: 'computed' });
    expect(prepared).not.toHaveProperty('path');
    expect(asked.map(({ done, total }) => [done, total])).toEqual([
      [8, 24],
      [16, 24],
      [24, 24],
    ]);
    const [first, last] = [1, 6].map((step) => checkpointOf(folder, step).get(name)!);
    expect(first!.shape).toEqual([2, 4]);
    // the kernels of the teacher answer one class each
    const values = first!.data;
    expect(values[0]! + values[1]!).toBeGreaterThan(values[2]! + values[3]!);
    expect(values[4]! + values[5]!).toBeLessThan(values[6]! + values[7]!);
    expect(last!.data).toEqual(values);
    const shown = targetsOf(toyDataset().train);
    expect(labelsOf(shown).length).toBe(24);
  });

  it('is read back by the next run, which comes to the same', async () => {
    const shared = newFolder('prepared');
    const first = await run(spec(shared));
    const again = await run(spec(shared));
    expect(again.of('prepare')).toEqual([]);
    expect(again.of('prepared')).toMatchObject([{ source: 'kept', path: first.of('prepared')[0]!.path }]);
    expect(outcomeOf(again.folder)).toEqual(outcomeOf(first.folder));
    expect(readdirSync(shared)).toHaveLength(1);
  });

  it.each<[string, Options, Partial<RunSpec>]>([
    ['parameters', { parameters: { much: 2 } }, {}],
    ['images', {}, { data: { ...toySpec(referenceBackend).data, dataset: toyDataset({ train: 16 }) } }],
  ])('is computed anew for other %s', async (_, options, changes) => {
    const shared = newFolder('prepared');
    await run(spec(shared));
    const other = await run(spec(shared, options, changes));
    expect(other.of('prepared')).toMatchObject([{ source: 'computed' }]);
    expect(readdirSync(shared)).toHaveLength(2);
  });

  it('is computed anew where the file is damaged, with a word', async () => {
    const shared = newFolder('prepared');
    const first = await run(spec(shared));
    const { path } = first.of('prepared')[0]!;
    const bytes = readFileSync(path!);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path!, bytes);
    const again = await run(spec(shared));
    expect(again.of('warning')).toMatchObject([{ code: 'BAD_FILE', hint: 'it is computed again' }]);
    expect(again.of('warning')[0]!.message).toContain('SHA-256');
    expect(outcomeOf(again.folder)).toEqual(outcomeOf(first.folder));
    expect(readSafetensors(readFileSync(path!)).tensors.size).toBe(1);
  });

  it('ends as if it had not been stopped, wherever it is, without computing again', async () => {
    const whole = await run(spec(undefined, { initialEpochs: 1 }));
    for (const step of [1, 4, 7]) {
      const stopped = await run(spec(undefined, { initialEpochs: 1 }), {
        until: (event) => event.type === 'step' && event.step === step,
      });
      expect(stopped.error?.code).toBe('INTERRUPTED');
      const resumed = await run(spec(undefined, { initialEpochs: 1 }), {
        folder: stopped.folder,
        resume: true,
      });
      expect(resumed.error).toBeUndefined();
      expect(resumed.of('prepared')).toEqual([]);
      expect(outcomeOf(resumed.folder)).toEqual(outcomeOf(whole.folder));
    }
  });

  it('can be stopped while it is prepared, and goes on as the whole run', async () => {
    const whole = await run(spec(undefined));
    const stopped = await run(spec(undefined), { until: (event) => event.type === 'prepare' });
    expect(stopped.error).toMatchObject({ code: 'INTERRUPTED', details: { step: 0 } });
    expect(stopped.of('prepare')).toHaveLength(1);
    const resumed = await run(spec(undefined), { folder: stopped.folder, resume: true });
    expect(resumed.of('prepared')).toMatchObject([{ source: 'computed' }]);
    expect(outcomeOf(resumed.folder)).toEqual(outcomeOf(whole.folder));
  });

  it('works where several batches make a step', async () => {
    const { folder, error } = await run(spec(undefined, {}, { accumulate: 2 }));
    expect(error).toBeUndefined();
    expect(Math.max(...checkpointOf(folder, 1).get(name)!.data)).toBeGreaterThan(0);
  });

  it('is refused without labels that it reads, before anything is written', async () => {
    const toy = toySpec(referenceBackend);
    const { train: split, ...rest } = toyDataset();
    const dataset = { ...rest, train: { length: split.length, read: split.read, targets: noTargets } };
    const task = { contribution: noTask, options: {} };
    const unlabelled = spec(undefined, {}, { task, data: { ...toy.data, dataset } });
    const { error } = await run(unlabelled);
    expect(error).toMatchObject({ code: 'PRECONDITION' });
    expect(error!.message).toContain("distiller 'preparing'");
  });

  it.each<[string, (means: Float32Array) => Float32Array, string, RegExp]>([
    [
      'not finite',
      (means) => means.fill(Number.NaN),
      'NON_FINITE',
      /'class-means' of distiller 'preparing' gives NaN at element 0 of 'means'/,
    ],
    [
      'too short',
      (means) => means.subarray(1),
      'SHAPE_MISMATCH',
      /gives 7 values for 'means', which takes 8/,
    ],
  ])('stops the run where what it gives is %s', async (_, spoil, code, message) => {
    const { error } = await run(spec(undefined, { spoil }));
    expect(error).toMatchObject({ code });
    expect(error!.message).toMatch(message);
  });
});
