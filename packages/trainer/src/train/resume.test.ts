import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { referenceBackend } from '@limbeck/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashOf } from '../run/identity.js';
import type { RunSpec } from '../run/run-spec.js';
import type { Manifest } from '../store/checkpoint/manifest.js';
import { recordSteps } from '../testing/record-run.js';
import { outcomeOf, readLines, temporaryFolder } from '../testing/run-files.js';
import { toyDistiller } from '../testing/toy-models.js';
import { toySpec } from '../testing/toy-run.js';
import { train } from './loop.js';

const root = temporaryFolder();
let runs = 0;
const newFolder = () => join(root.path, `run-${runs++}`);

/** Six steps, with checkpoints inside the epochs and early stopping that counts. */
const spec = (changes: Partial<RunSpec> = {}) =>
  toySpec(referenceBackend, {
    epochs: 2,
    checkpoint: { everyEpochs: 1, everySteps: 2, keep: { last: 2, best: true } },
    earlyStopping: { patience: 9, minDelta: 0 },
    ...changes,
  });

const lastStep = 6;

/** Runs until so many steps are done in all, then stops as on Ctrl-C. */
const runUntil = (folder: string, step: number, { resume = false, what = spec() } = {}) =>
  recordSteps(what, step, { folder, resume });

let expected: ReturnType<typeof outcomeOf>;
/** A run that was stopped after step 5, to be copied. */
const stopped = newFolder();

beforeAll(async () => {
  const folder = newFolder();
  await train(spec(), { folder });
  expected = outcomeOf(folder);
  await runUntil(stopped, 5);
});
afterAll(() => root.remove());

const copyOfStopped = () => {
  const folder = newFolder();
  cpSync(stopped, folder, { recursive: true });
  return folder;
};

describe('a run that is stopped', () => {
  it('finishes its step, saves and says so', async () => {
    const folder = newFolder();
    const { error, events } = await runUntil(folder, 2);
    expect(error).toMatchObject({ code: 'INTERRUPTED', exitCode: 130, details: { step: 2 } });
    expect(error!.message).toMatch(/interrupted after step 2; saved .*step-2\.safetensors/);
    expect(error!.hint).toBe(`go on with --resume ${folder}`);
    expect(events.at(-1)).toMatchObject({ type: 'interrupted', step: 2 });
    expect(events.filter(({ type }) => type === 'step')).toHaveLength(2);
  });

  it('ends as if it had not been, wherever it is stopped, once or twice', async () => {
    const step = fc.integer({ min: 1, max: lastStep });
    await fc.assert(
      fc.asyncProperty(step, step, async (first, second) => {
        const folder = newFolder();
        await runUntil(folder, first);
        if (second > first) await runUntil(folder, second, { resume: true });
        await train(spec(), { folder, resume: true });
        expect(outcomeOf(folder)).toEqual(expected);
      }),
      {
        numRuns: 8,
        seed: 11,
        examples: [
          [1, 1],
          [3, 3],
          [6, 6],
        ],
      },
    );
  });

  it('can be stopped while the teacher is measured', async () => {
    const folder = newFolder();
    const { error } = await runUntil(folder, 0);
    expect(error).toMatchObject({ code: 'INTERRUPTED', details: { step: 0 } });
    await train(spec(), { folder, resume: true });
    expect(outcomeOf(folder)).toEqual(expected);
  });

  it('does not measure the teacher again', async () => {
    const folder = copyOfStopped();
    const { events } = await runUntil(folder, 99, { resume: true });
    expect(events.slice(0, 2)).toMatchObject([{ type: 'start' }, { type: 'resume', epoch: 1, step: 5 }]);
    expect(events.some(({ type }) => type === 'teacher')).toBe(false);
    expect(
      JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')).teachers.teacher.metrics,
    ).toMatchObject({ top1: 1 });
  });

  it('drops metrics written after its checkpoint', async () => {
    const folder = copyOfStopped();
    const lines = readLines(join(folder, 'metrics.jsonl'));
    writeFileSync(join(folder, 'metrics.jsonl'), `${JSON.stringify(lines[0])}\n{"type":"epoch","epo`);
    await train(spec(), { folder, resume: true });
    expect(outcomeOf(folder)).toEqual(expected);
  });

  it('remembers that it stopped early', async () => {
    const folder = newFolder();
    const early = { epochs: 9, earlyStopping: { patience: 1, minDelta: 0.9 } };
    await train(spec(early), { folder });
    const before = outcomeOf(folder);
    rmSync(join(folder, 'result.json'));
    rmSync(join(folder, 'student.safetensors'));
    const result = await train(spec(early), { folder, resume: true });
    expect(result).toMatchObject({ epochs: 2, stopped: expect.stringMatching(/has not improved/) });
    expect(outcomeOf(folder)).toEqual(before);
  });
});

/** Writes a manifest as versions did that knew one teacher, one phase and fixed weights. */
function asBefore(path: string): void {
  const { sha256, ...written } = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  const { phase, teachers, sums, ...progress } = written.progress;
  const { weights, ...summed } = sums;
  const before = { ...progress, sums: summed, teacher: teachers.teacher!.metrics };
  const content = { ...written, progress: before };
  writeFileSync(path, JSON.stringify({ ...content, sha256: hashOf(content) }));
}

describe('a checkpoint from before runs had phases and several teachers', () => {
  it('is gone on from', async () => {
    const folder = copyOfStopped();
    const manifests = readdirSync(join(folder, 'checkpoints')).filter((name) => name.endsWith('.json'));
    for (const name of manifests) asBefore(join(folder, 'checkpoints', name));
    const { events } = await runUntil(folder, 99, { resume: true });
    expect(events.filter(({ type }) => type === 'warning')).toEqual([]);
    expect(events.find(({ type }) => type === 'resume')).toMatchObject({ epoch: 1, step: 5 });
    expect(events.some(({ type }) => type === 'teacher')).toBe(false);
    expect(outcomeOf(folder)).toEqual(expected);
  });
});

describe('a damaged checkpoint', () => {
  const checkpoint = (folder: string, name: string) => join(folder, 'checkpoints', name);

  const damages: [string, (folder: string) => void, RegExp][] = [
    [
      'with a flipped bit',
      (folder) => {
        const path = checkpoint(folder, 'step-5.safetensors');
        const bytes = readFileSync(path);
        bytes[bytes.length - 3]! ^= 1;
        writeFileSync(path, bytes);
      },
      /its tensors do not have the SHA-256/,
    ],
    [
      'that is torn',
      (folder) => truncateSync(checkpoint(folder, 'step-5.safetensors'), 100),
      /it has 100 bytes, \d+ were written/,
    ],
    ['without tensors', (folder) => rmSync(checkpoint(folder, 'step-5.safetensors')), /ENOENT/],
    [
      'with a torn manifest',
      (folder) => truncateSync(checkpoint(folder, 'step-5.json'), 50),
      /its manifest cannot be read/,
    ],
    [
      'with a changed manifest',
      (folder) => {
        const path = checkpoint(folder, 'step-5.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace('"correct": ', '"correct": 1'));
      },
      /its manifest does not have the SHA-256/,
    ],
    [
      'of a later format',
      (folder) => {
        const path = checkpoint(folder, 'step-5.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace('"version": 1', '"version": 2'));
      },
      /its format has version 2, this program reads 1/,
    ],
    [
      'under a false name',
      (folder) => cpSync(checkpoint(folder, 'step-3.json'), checkpoint(folder, 'step-5.json')),
      /its manifest is that of step 3/,
    ],
  ];

  it.each(damages)('%s is named, and the one before it used', async (_, damage, problem) => {
    const folder = copyOfStopped();
    damage(folder);
    const { events } = await runUntil(folder, 99, { resume: true });
    const warnings = events.filter((event) => event.type === 'warning');
    expect(warnings).toMatchObject([{ code: 'CHECKPOINT_CORRUPT', message: expect.stringMatching(problem) }]);
    expect(warnings[0]!.message).toContain(checkpoint(folder, 'step-5'));
    expect(events.find(({ type }) => type === 'resume')).toMatchObject({ step: 3 });
    expect(outcomeOf(folder)).toEqual(expected);
  });

  it('with none left lists what was tried, and nothing is lost', async () => {
    const folder = copyOfStopped();
    const files = readdirSync(join(folder, 'checkpoints'));
    const manifests = files.filter((name) => name.endsWith('.json'));
    for (const name of manifests) truncateSync(checkpoint(folder, name), 10);
    const { error } = await runUntil(folder, 99, { resume: true });
    expect(error).toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
    for (const name of manifests) expect(error!.message).toContain(name.replace('.json', ''));
    expect(readdirSync(join(folder, 'checkpoints'))).toEqual(files);
  });

  it('a changed line of the metrics is noticed, once', async () => {
    const folder = copyOfStopped();
    const file = join(folder, 'metrics.jsonl');
    const bytes = readFileSync(file);
    bytes[20]! ^= 1;
    writeFileSync(file, bytes);
    const { events } = await runUntil(folder, 99, { resume: true });
    const warnings = events.filter((event) => event.type === 'warning');
    expect(warnings).toMatchObject([
      {
        code: 'CHECKPOINT_CORRUPT',
        message: expect.stringContaining('metrics.jsonl is not as it was written'),
      },
    ]);
  });

  it('checkpoints that a killed process left are removed on resume and at the end', async () => {
    const folder = copyOfStopped();
    for (const ending of ['json', 'safetensors']) {
      cpSync(checkpoint(folder, `step-3.${ending}`), checkpoint(folder, `step-1.${ending}`));
    }
    const { events } = await runUntil(folder, 99, { resume: true });
    expect(events.find(({ type }) => type === 'resume')).toMatchObject({ step: 5 });
    expect(readdirSync(join(folder, 'checkpoints'))).not.toContain('step-1.json');
  });

  it('metrics shorter than at the checkpoint are refused', async () => {
    const folder = copyOfStopped();
    truncateSync(join(folder, 'metrics.jsonl'), 5);
    const { error } = await runUntil(folder, 99, { resume: true });
    expect(error).toMatchObject({
      code: 'CHECKPOINT_CORRUPT',
      message: expect.stringMatching(/has 5 bytes/),
    });
  });
});

describe('resuming is refused', () => {
  it('with another configuration, naming what differs', async () => {
    const other = spec({
      lr: 0.2,
      distillers: [{ distiller: toyDistiller, options: { weight: 7 } }],
      placement: { backend: referenceBackend, threads: 3 },
    });
    const { error } = await runUntil(copyOfStopped(), 99, { resume: true, what: other });
    expect(error).toMatchObject({ code: 'PRECONDITION', exitCode: 2 });
    expect(error!.details.changes).toEqual([
      'distillers.0.options.weight: 0.5, now 7',
      'lr: 0.1, now 0.2',
      'placement.threads: none, now 3',
    ]);
  });

  it('before the first checkpoint too, by the recorded configuration', async () => {
    const folder = copyOfStopped();
    rmSync(join(folder, 'checkpoints'), { recursive: true });
    rmSync(join(folder, 'metrics.jsonl'));
    const { error } = await runUntil(folder, 99, { resume: true, what: spec({ seed: 8 }) });
    expect(error).toMatchObject({ code: 'PRECONDITION', details: { changes: ['seed: 7, now 8'] } });
    await train(spec(), { folder, resume: true });
    expect(outcomeOf(folder)).toEqual(expected);
  });

  it('where nothing that decides the numbers differs it is not', async () => {
    const folder = copyOfStopped();
    await train(spec({ checkpoint: { everyEpochs: 5, keep: { last: 2, best: false } } }), {
      folder,
      resume: true,
    });
    expect(outcomeOf(folder)).toEqual(expected);
  });

  it('of a finished run', async () => {
    const folder = copyOfStopped();
    await train(spec(), { folder, resume: true });
    await expect(train(spec(), { folder, resume: true })).rejects.toMatchObject({
      code: 'PRECONDITION',
      message: `the run in ${folder} has finished`,
    });
  });

  it('where there is no run', async () => {
    await expect(train(spec(), { folder: newFolder(), resume: true })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('and a new run does not overwrite one', async () => {
    await expect(train(spec(), { folder: stopped })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      hint: expect.stringContaining(`--resume ${stopped}`),
    });
  });
});
