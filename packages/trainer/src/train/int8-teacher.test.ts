import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ComputeBackend, Feeds } from '@limbeck/core/backend';
import { referenceBackend } from '@limbeck/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunSpec } from '../run/run-spec.js';
import type { TeacherSpec } from '../run/teacher-spec.js';
import { recordRun } from '../testing/record-run.js';
import { roundingBackend as roundingOn } from '../testing/rounding-backend.js';
import { outcomeOf, readLines, temporaryFolder } from '../testing/run-files.js';
import { toyCalibration, toySpec } from '../testing/toy-run.js';
import type { TrainOptions } from './loop.js';

let root: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  root = temporaryFolder();
});
afterEach(() => root.remove());

const roundingBackend = (levels: number, calibrated?: (batches: readonly Feeds[]) => void) =>
  roundingOn(referenceBackend, levels, calibrated);

/** A toy run whose teacher computes in int8 on a backend. */
function spec(backend: ComputeBackend, changes: Partial<TeacherSpec> = {}): RunSpec {
  const standard = toySpec(referenceBackend, {
    checkpoint: { everyEpochs: 1, everySteps: 1, keep: { last: 2, best: true } },
  });
  const placement = { backend, precision: 'int8' } as const;
  return { ...standard, epochs: 2, teachers: [{ ...standard.teachers[0]!, placement, ...changes }] };
}

const run = (what: RunSpec, options: Partial<TrainOptions> = {}) =>
  recordRun(what, { folder: join(root.path, 'run'), ...options });

const { fidelity: bound } = spec(referenceBackend).teachers[0]!;

describe('a teacher in int8', () => {
  it('is compared with itself in float32, and the figures are kept', async () => {
    const { result, folder, of } = await run(spec(roundingBackend(100)));
    const [event] = of('fidelity');
    expect(event).toMatchObject({ precision: 'int8', samples: 10, agreement: 1 });
    expect(Object.keys(event!.cosine).sort()).toEqual(['embedding', 'logits']);
    for (const { mean, worst } of Object.values(event!.cosine)) {
      expect(mean).toBeGreaterThan(0.999);
      expect(worst).toBeLessThanOrEqual(mean);
    }
    expect(event!.cosine.embedding!.mean).toBeLessThan(1);
    expect(event!.kl1).toBeGreaterThan(0);
    expect(event!.kl4).toBeGreaterThan(0);
    const { type, teacher, precision, seconds, ...fidelity } = event!;
    expect(teacher).toBe('teacher');
    expect(result!.teachers.teacher!.fidelity).toEqual(fidelity);
    expect(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')).teachers.teacher.fidelity).toEqual(
      fidelity,
    );
    expect(readLines(join(folder, 'metrics.jsonl'))[0]).toEqual(event);
    expect(readFileSync(join(folder, 'run.log'), 'utf8')).toMatch(/fidelity: teacher in int8 .*agreement 1/);
  });

  it('is calibrated with whole batches of training images as they are, those the seed names', async () => {
    const seen: (readonly Feeds[])[] = [];
    const backend = roundingBackend(100, (batches) => seen.push(batches));
    const images = { calibration: { ...toyCalibration, images: 9 } };
    await run(spec(backend, images), { folder: join(root.path, 'first') });
    await run(spec(backend, images), { folder: join(root.path, 'again') });
    await run({ ...spec(backend, images), seed: 8 }, { folder: join(root.path, 'other') });
    expect(seen.map((batches) => batches.map(({ image }) => image!.shape))).toEqual(
      Array(3).fill([
        [8, 1, 4, 4],
        [8, 1, 4, 4],
      ]),
    );
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).not.toEqual(seen[0]);
  });

  it('that strays stops the run before it begins, with the figures', async () => {
    const { error, folder } = await run(spec(roundingBackend(1)));
    expect(error).toMatchObject({
      code: 'PRECONDITION',
      exitCode: 2,
      details: { fidelity: { samples: 10, agreement: expect.any(Number), cosine: expect.any(Object) } },
    });
    expect(error!.message).toMatch(
      /^teacher 'toy-teacher' in int8 strays .* on 10 test images: .*mean cosine of '\w+' 0\.\d{4}, at least 0\.99/,
    );
    expect(error!.hint).toMatch(/calibrat.*accept: true/);
    expect(existsSync(folder)).toBe(false);
  });

  it('that strays is taken where that is accepted, or within the bounds', async () => {
    const accepted = await run(spec(roundingBackend(1), { fidelity: { ...bound, accept: true } }));
    expect(accepted.result!.epochs).toBe(2);
    expect(accepted.of('warning')[0]).toMatchObject({ message: expect.stringContaining('strays') });
    const wide = { ...bound, agreement: 0, cosine: -1 };
    const { result, of } = await run(spec(roundingBackend(1), { fidelity: wide }), {
      folder: join(root.path, 'wide'),
    });
    expect(result!.epochs).toBe(2);
    expect(of('warning')).toEqual([]);
  });

  it('is refused by a backend that has no int8', async () => {
    const { error, folder } = await run(spec(referenceBackend));
    expect(error).toMatchObject({ code: 'BACKEND_UNSUPPORTED' });
    expect(existsSync(folder)).toBe(false);
  });

  it('stopped and resumed trains the same student, and is measured once', async () => {
    const straight = await run(spec(roundingBackend(100)), { folder: join(root.path, 'straight') });
    let steps = 0;
    const stopping = await run(spec(roundingBackend(100)), { stop: () => ++steps > 5 });
    expect(stopping.error).toMatchObject({ code: 'INTERRUPTED' });
    const resumed = await run(spec(roundingBackend(100)), { resume: true });
    expect(resumed.of('fidelity')).toEqual([]);
    expect(resumed.result!.teachers.teacher!.fidelity).toEqual(straight.result!.teachers.teacher!.fidelity);
    expect(outcomeOf(resumed.folder)).toEqual(outcomeOf(join(root.path, 'straight')));
  });

  it('cannot be resumed with another calibration', async () => {
    let steps = 0;
    await run(spec(roundingBackend(100)), { stop: () => ++steps > 5 });
    const calibration = { ...toyCalibration, images: 24 };
    const { error } = await run(spec(roundingBackend(100), { calibration }), { resume: true });
    expect(error).toMatchObject({ code: 'PRECONDITION' });
    expect(error!.message).toContain('teacher.calibration.images: 16, now 24');
  });
});
