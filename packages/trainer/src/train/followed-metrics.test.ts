import { join } from 'node:path';
import { defineMetric } from '@limbeck/core';
import { createEvalLoader } from '@limbeck/data';
import { type Program, program, type StateDict, tensorData } from '@limbeck/graph';
import { referenceBackend } from '@limbeck/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linearCka } from '../analysis/linear-cka.js';
import { teacherAgreement } from '../analysis/teacher-agreement.js';
import { teacherCosine } from '../analysis/teacher-cosine.js';
import { checkMemory } from '../evaluate/teacher-features.js';
import { thinned } from '../evaluate/thinned.js';
import { traceDeployed } from '../programs/deployed.js';
import { studentFeature } from '../programs/evaluated.js';
import { stateFor } from '../programs/state.js';
import { teacherPrefix } from '../programs/teacher.js';
import { TracedTeacher } from '../programs/traced-teacher.js';
import type { MetricChoice } from '../run/choices.js';
import type { RunEvent } from '../run/events.js';
import type { RunSpec } from '../run/run-spec.js';
import type { TeacherSpec } from '../run/teacher-spec.js';
import { top1 } from '../standard/metrics.js';
import { latestCheckpoint } from '../store/checkpoint/load.js';
import { cachedSpec } from '../testing/cached-spec.js';
import { ckaByGrams, meanCosine, type Rows, sameArgmax } from '../testing/formulas.js';
import { recordRun } from '../testing/record-run.js';
import { roundingBackend } from '../testing/rounding-backend.js';
import { outcomeOf, readLines, temporaryFolder } from '../testing/run-files.js';
import { toyBackbone, toyDistiller, toyTeacherWeights } from '../testing/toy-models.js';
import { toySpec } from '../testing/toy-run.js';
import type { TrainOptions } from './loop.js';
import { prepareRun } from './prepare.js';

let root: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  root = temporaryFolder();
});
afterEach(() => root.remove());

const plain: MetricChoice = { contribution: top1, options: {} };
const cosine = (changes: object = {}, choice: Partial<MetricChoice> = {}): MetricChoice => ({
  contribution: teacherCosine,
  options: { tap: 'toy.projector', teacherTap: 'embedding', pooled: true, ...changes },
  ...choice,
});
const cka = (tap = 'embedding', choice: Partial<MetricChoice> = {}): MetricChoice => ({
  contribution: linearCka,
  options: { tap, pooled: true },
  ...choice,
});
const agreement = (choice: Partial<MetricChoice> = {}): MetricChoice => ({
  contribution: teacherAgreement,
  options: {},
  ...choice,
});
const followed = [plain, cosine(), cka(), cka('last-map', { name: 'cka of maps' }), agreement()];

/** On both splits, with as many training images as make the last batch a partial one. */
const spec = (changes: Partial<RunSpec> = {}): RunSpec =>
  toySpec(referenceBackend, {
    metrics: followed,
    evaluate: { every: 1, splits: ['test', 'train'], trainImages: 11 },
    epochs: 2,
    ...changes,
  });

const run = (what: RunSpec, name = 'run', options: Partial<TrainOptions> = {}) =>
  recordRun(what, { folder: join(root.path, name), ...options });

/** What the student of a finished run and its teacher make of a split, all images at once. */
async function lookAgain(what: RunSpec, folder: string, split: 'test' | 'train') {
  const prepared = prepareRun(what);
  const { dataset } = what.data;
  const images = thinned(dataset[split], split === 'train' ? what.evaluate.trainImages : undefined);
  const batch = images.length;
  const loader = createEvalLoader({ ...dataset, split: images, batchSize: batch });
  const { images: pixels } = await loader.batch(0);
  const image = tensorData('float32', [batch, ...dataset.imageShape], pixels);
  const checkpoint = latestCheckpoint(join(folder, 'checkpoints'), () => undefined)!;
  const known: StateDict = new Map([...prepared.teacherState, ...checkpoint.state]);
  const traced = traceDeployed(prepared.spec, batch);
  const choice = what.teachers[0] as Extract<TeacherSpec, { backbone: unknown }>;
  const shape = { image: [batch, ...dataset.imageShape], classes: dataset.classes };
  const model = new TracedTeacher(choice, { prefix: teacherPrefix, ...shape });
  const look = async (target: Program) => {
    const executable = await referenceBackend.compile(target, { state: stateFor(target, known) });
    const [value] = Object.values(await executable.step({ image }));
    return rowsOf(value!.data as Float32Array, batch);
  };
  return {
    student: (path: string) =>
      look(program({ name: 'look', outputs: { value: studentFeature(traced, path) } })),
    teacher: (path: string) => look(model.program([path])),
  };
}

const rowsOf = (values: Float32Array, count: number): number[][] => {
  const size = values.length / count;
  return Array.from({ length: count }, (_, i) => [...values.subarray(i * size, (i + 1) * size)]);
};

/** Means over the positions of maps of so many channels. */
const pooled = (rows: Rows, channels: number): number[][] =>
  rows.map((row) => {
    const positions = row.length / channels;
    return Array.from({ length: channels }, (_, c) => {
      const map = row.slice(c * positions, (c + 1) * positions);
      return map.reduce((sum, value) => sum + value) / positions;
    });
  });

describe('metrics that compare with the teacher', () => {
  it('have the values of their formulas on both splits, and stand in every epoch', async () => {
    const { folder, of, error } = await run(spec());
    expect(error).toBeUndefined();
    const epochs = of('epoch');
    const names = ['top1', 'teacher-cosine', 'linear-cka', 'cka of maps', 'teacher-agreement'];
    for (const epoch of epochs) {
      expect(Object.keys(epoch.test!)).toEqual(names);
      expect(Object.keys(epoch.train!)).toEqual(names);
    }
    expect(epochs[1]!.test!['teacher-cosine']).not.toBe(epochs[0]!.test!['teacher-cosine']);
    for (const split of ['test', 'train'] as const) {
      const values = epochs.at(-1)![split]!;
      const { student, teacher } = await lookAgain(spec(), folder, split);
      const [theirs, projected, ours] = [
        await teacher('embedding'),
        await student('toy.projector'),
        await student('embedding'),
      ];
      expect(values['teacher-cosine'], split).toBeCloseTo(meanCosine(projected, theirs), 5);
      expect(values['linear-cka'], split).toBeCloseTo(ckaByGrams(ours, theirs), 5);
      const maps = [pooled(await student('last-map'), 3), pooled(await teacher('last-map'), 4)] as const;
      expect(values['cka of maps'], split).toBeCloseTo(ckaByGrams(...maps), 5);
      const same = sameArgmax(await student('logits'), await teacher('logits'));
      expect(values['teacher-agreement'], split).toBe(same);
    }
    const lines = readLines(join(folder, 'metrics.jsonl')) as RunEvent[];
    expect(lines.filter(({ type }) => type === 'epoch')).toEqual(epochs);
  });

  it('ask the teacher once for each split', async () => {
    const { of } = await run(spec());
    expect(of('teacher-features')).toMatchObject([
      { teacher: 'teacher', split: 'test', features: ['embedding', 'last-map', 'logits'], samples: 10 },
      { teacher: 'teacher', split: 'train', samples: 11, bytes: 11 * (4 + 4 + 2) * 4 },
    ]);
    const programs = of('compiled').map(({ program: name }) => name);
    expect(programs.filter((name) => name === 'teacher')).toHaveLength(2);
    const known = await run(spec({ metrics: [plain, cosine(), agreement()] }), 'known');
    const fewer = known.of('compiled').map(({ program: name }) => name);
    expect(
      fewer.filter((name) => name === 'teacher'),
      'the one the step asks knows all of it',
    ).toHaveLength(1);
  });

  it('cost nothing where there are none', async () => {
    const { of } = await run(spec({ metrics: [plain] }));
    expect(of('teacher-features')).toEqual([]);
    const { deployed, evaluated } = prepareRun(spec({ metrics: [plain] }));
    expect([...evaluated(4).outputs.keys()]).toEqual([...deployed(4).outputs.keys()]);
  });

  it('stopped and resumed have the same values', async () => {
    const straight = await run(spec(), 'straight');
    for (const last of [1, 4]) {
      const name = `stopped-${last}`;
      let steps = 0;
      const count = (event: RunEvent) => {
        if (event.type === 'step') steps++;
      };
      const stopped = await run(spec(), name, { stop: () => steps >= last, onEvent: count });
      expect(stopped.error).toMatchObject({ code: 'INTERRUPTED' });
      const resumed = await run(spec(), name, { resume: true });
      expect(outcomeOf(resumed.folder)).toEqual(outcomeOf(straight.folder));
    }
  });

  it('can be stopped while the teacher is asked', async () => {
    const straight = await run(spec(), 'straight');
    const seen = { teacher: false };
    const stopped = await run(spec(), 'stopped', {
      stop: () => seen.teacher,
      onEvent: (event) => {
        if (event.type === 'teacher') seen.teacher = true;
      },
    });
    expect(stopped.error).toMatchObject({ code: 'INTERRUPTED' });
    const resumed = await run(spec(), 'stopped', { resume: true });
    expect(outcomeOf(resumed.folder)).toEqual(outcomeOf(straight.folder));
  });

  it('cannot change their names in a resumed run', async () => {
    let steps = 0;
    await run(spec(), 'stopped', { stop: () => ++steps > 8 });
    const renamed = spec({ metrics: [plain, cosine({}, { name: 'other' }), ...followed.slice(2)] });
    const { error } = await run(renamed, 'stopped', { resume: true });
    expect(error).toMatchObject({ code: 'PRECONDITION', message: expect.stringContaining('"other"') });
  });

  it('decide about the best epoch and the end, where they are told to', async () => {
    const metrics = [cosine(), plain];
    const { result, of } = await run(spec({ metrics, epochs: 3 }));
    const values = of('epoch').map(({ test }) => test!['teacher-cosine']!);
    expect(result!.best['teacher-cosine']).toBe(Math.max(...values));
    const never = { patience: 1, minDelta: 3, metric: 'teacher-cosine' };
    const early = await run(spec({ earlyStopping: never, epochs: 5 }), 'early');
    expect(early.of('early-stop')[0]!.reason).toMatch(/^teacher-cosine has not improved/);
  });
});

describe('the teacher that metrics compare with', () => {
  const [sole] = toySpec(referenceBackend).teachers as [TeacherSpec];

  it('is the named one of several, in evaluation as in training', async () => {
    const { tensors, source } = toyTeacherWeights();
    const fc = tensors.get('fc.weight')!;
    const negated = { ...fc, data: (fc.data as Float32Array).map((x) => -x) };
    const odd = {
      ...sole,
      name: 'odd',
      backbone: toyBackbone('toy-contrary', 4),
      weights: { source, tensors: new Map([...tensors, ['fc.weight', negated]]) },
      acceptChance: true,
    } as TeacherSpec;
    const teachers = [{ ...sole, name: 'wise' }, odd];
    const metrics = [plain, agreement(), agreement({ name: 'as odd', teacher: 'odd' })];
    const what = spec({
      teachers,
      metrics,
      distillers: [{ distiller: toyDistiller, options: { weight: 0.5 } }],
    });
    const { of } = await run(what);
    const { test } = of('epoch').at(-1)!;
    expect(test!['teacher-agreement']! + test!['as odd']!, 'the two never predict the same').toBe(1);
    const asked = of('teacher-features').map(({ teacher, split }) => `${teacher} ${split}`);
    expect(asked).toEqual(['wise test', 'wise train', 'odd test', 'odd train']);
  });

  it('is asked itself where its training features come from a cache', async () => {
    const metrics = [plain, cosine(), cka()];
    const changes = {
      metrics,
      evaluate: { every: 1, splits: ['test', 'train'], trainImages: 11 },
      epochs: 2,
    } as const;
    const cached = cachedSpec(referenceBackend, { dir: join(root.path, 'cache') }, changes);
    const values = async (what: RunSpec, name: string) => {
      const { of, error } = await run(what, name);
      expect(error).toBeUndefined();
      return of('epoch').map(({ test, train: own }) => ({ test, own }));
    };
    const first = await values(cached, 'fills');
    expect(await values(cached, 'reads')).toEqual(first);
    const live = cachedSpec(referenceBackend, undefined, { ...changes, data: { views: 2 } });
    expect(await values(live, 'live')).toEqual(first);
  });

  it('is the one in int8 where that is what teaches', async () => {
    const backend = roundingBackend(referenceBackend, 40);
    const teachers = [{ ...sole, placement: { backend, precision: 'int8' } }] as TeacherSpec[];
    const bound = { ...sole.fidelity, accept: true };
    const what = spec({
      teachers: teachers.map((one) => ({ ...one, fidelity: bound })),
      metrics: [plain, cosine()],
    });
    const { of } = await run(what, 'int8');
    const exact = await run(spec({ metrics: [plain, cosine()] }), 'float32');
    const [rounded, float] = [of, exact.of].map((events) => events('epoch')[0]!.test!['teacher-cosine']!);
    expect(rounded).toBeCloseTo(float!, 1);
    expect(rounded).not.toBe(float);
    // what no step needs has no figures of its own, and is taken in float32
    const unused = await run({ ...what, distillers: [], metrics: [plain, agreement()] }, 'unused');
    expect(unused.error).toBeUndefined();
    expect(unused.of('fidelity')).toEqual([]);
  });
});

describe('metrics are refused before a run begins', () => {
  const unfit = defineMetric({
    id: 'unfit',
    description: 'asks for what images alone do not give',
    better: 'higher',
    features: () => ({ x: { of: 'student', path: 'toy.mixed' } }),
    create: () => ({ add: () => undefined, value: () => 0 }),
  });

  it.each<[string, Partial<RunSpec>, string, RegExp]>([
    [
      'features of unequal widths',
      { metrics: [plain, cosine({ tap: 'embedding' })] },
      'SHAPE_MISMATCH',
      /'embedding' of student 'toy-student' is \[3\], 'embedding' of teacher 'toy-teacher' \[4\]/,
    ],
    [
      'a tap the student lacks',
      { metrics: [cka('embeding')] },
      'UNKNOWN_TAP',
      /student 'toy-student' and its distillers have no tap 'embeding'/,
    ],
    [
      'a tap the teacher lacks',
      { metrics: [cosine({ teacherTap: 'stage9' })] },
      'UNKNOWN_TAP',
      /teacher 'toy-teacher' has no tap 'stage9'/,
    ],
    [
      'a teacher nobody knows',
      { metrics: [agreement({ teacher: 'wize' })] },
      'UNKNOWN_ID',
      /metric 'teacher-agreement' asks for a teacher 'wize'/,
    ],
    [
      'no teacher at all',
      { metrics: [agreement()], teachers: [], distillers: [] },
      'PRECONDITION',
      /metric 'teacher-agreement' compares with a teacher/,
    ],
    [
      'two of one name',
      { metrics: [plain, cka(), cka('last-map')] },
      'CONFIG_INVALID',
      /name of metric 3: .* another metric is called 'linear-cka'/,
    ],
    [
      'a name with a meaning',
      { metrics: [{ ...plain, name: 'epoch' }] },
      'CONFIG_INVALID',
      /name of metric 1: .*'epoch' has a meaning/,
    ],
    [
      'a layer there is not',
      { metrics: [{ contribution: unfit, options: {} }] },
      'UNKNOWN_TAP',
      /toy\.mixed/,
    ],
  ])('%s', async (_, changes, code, message) => {
    const { error, of } = await run(spec(changes));
    expect(error).toMatchObject({ code });
    expect(error!.message).toMatch(message);
    expect(of('start')).toEqual([]);
  });

  it('what does not fit into memory', () => {
    const { metrics } = prepareRun(spec());
    expect(() => checkMemory(metrics, 20e6)).not.toThrow();
    expect(() => checkMemory(metrics, 30e6)).toThrow(
      /'embedding' of teacher 'toy-teacher' \[4\].*: 1\.1 GiB for 30000000 images; at most 1\.0 GiB/,
    );
  });
});
