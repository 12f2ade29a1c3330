import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { referenceBackend } from '@limbeck/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunSpec } from '../run/run-spec.js';
import { latestCheckpoint } from '../store/checkpoint/load.js';
import { recordSteps } from '../testing/record-run.js';
import { outcomeOf, readLines, temporaryFolder } from '../testing/run-files.js';
import { phasedDistiller, rememberingDistiller, viewingDistiller } from '../testing/toy-methods.js';
import { toyDistiller } from '../testing/toy-models.js';
import { toySpec } from '../testing/toy-run.js';
import { readWeightsFile } from '../weights/read.js';

const root = temporaryFolder();
let runs = 0;
const newFolder = () => join(root.path, `run-${runs++}`);
afterAll(() => root.remove());

const phased = { distiller: phasedDistiller, options: { epochs: 2, trains: 'extras', lr: 0.3 } };
const remembering = { distiller: rememberingDistiller, options: { count: 5, from: 'other-classes' } };
const viewing = { distiller: viewingDistiller, options: { p: 1 } };

/** Two initial epochs and two main ones, of three steps each, with everything a distiller may ask for. */
const spec = (changes: Partial<RunSpec> = {}) =>
  toySpec(referenceBackend, {
    distillers: [phased, remembering, viewing],
    epochs: 2,
    checkpoint: { everyEpochs: 1, everySteps: 2, keep: { last: 99, best: true } },
    ...changes,
  });

const run = (what: RunSpec, { folder = newFolder(), resume = false, until = Infinity } = {}) =>
  recordSteps(what, until, { folder, resume });

const stateAfter = (folder: string) => latestCheckpoint(join(folder, 'checkpoints'), () => undefined)!.state;

describe('a run with an initial phase', () => {
  let whole: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    whole = await run(spec());
  });

  it('tells its phases, counts epochs in each and evaluates in the main one alone', () => {
    expect(whole.error).toBeUndefined();
    expect(whole.of('start')[0]!.initial).toEqual([
      { phase: 'phased', epochs: 2, weights: { reconstruction: 2 } },
    ]);
    expect(whole.of('phase')).toEqual([
      { type: 'phase', phase: 'phased', epochs: 2 },
      { type: 'phase', epochs: 2 },
    ]);
    const epochs = whole
      .of('epoch')
      .map(({ phase, epoch, step, test }) => [phase, epoch, step, test !== undefined]);
    expect(epochs).toEqual([
      ['phased', 1, 3, false],
      ['phased', 2, 6, false],
      [undefined, 1, 9, true],
      [undefined, 2, 12, true],
    ]);
    expect(whole.result!.epochs).toBe(2);
    expect(whole.result!.steps).toBe(12);
  });

  it('trains nothing but what the phase names, at its own rate', () => {
    const steps = whole.of('step');
    expect(Object.keys(steps[0]!.losses)).toEqual(['reconstruction', 'total']);
    expect(steps[0]).not.toHaveProperty('accuracy');
    expect(steps.map(({ lr }) => lr).slice(0, 7)).toEqual([0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.1]);
    expect(Object.keys(steps[6]!.losses)).toEqual(['ce', 'hint', 'apart', 'view', 'both', 'total']);
    expect(steps[5]!.losses.total).toBeLessThan(steps[0]!.losses.total!);
  });

  it('keeps what the main phase reads behind stopGradient as it was, without weight decay', async () => {
    const { folder } = await run(spec(), { until: 6 });
    const before = stateAfter(folder);
    const after = stateAfter(whole.folder);
    const encoder = 'distiller.phased.encoder.weight';
    expect(after.get(encoder)).toEqual(before.get(encoder));
    expect(after.get('student.conv1.weight')).toBeDefined();
    // nothing the main phase never reads is lost, and the optimiser of a phase ends with it
    expect(after.get('distiller.phased.decoder.weight')).toEqual(
      before.get('distiller.phased.decoder.weight'),
    );
    const slots = (state: typeof after) => [...state.keys()].filter((name) => name.startsWith('optimizer.'));
    expect(slots(before).every((name) => name.includes('.phased.'))).toBe(true);
    expect(slots(after).some((name) => name.includes('.phased.'))).toBe(false);
  });

  it.each([1, 3, 5, 6, 7, 9, 11])('stopped after step %i it ends as if it had not been', async (step) => {
    const { folder, error } = await run(spec(), { until: step });
    expect(error).toMatchObject({ code: 'INTERRUPTED', details: { step } });
    const { events } = await run(spec(), { folder, resume: true });
    expect(events.find(({ type }) => type === 'phase')).toMatchObject(step < 6 ? { phase: 'phased' } : {});
    expect(outcomeOf(folder)).toEqual(outcomeOf(whole.folder));
  });

  it('writes the phase into metrics and log', () => {
    expect(readLines(join(whole.folder, 'metrics.jsonl'))[0]).toMatchObject({
      type: 'epoch',
      phase: 'phased',
      epoch: 1,
    });
    const log = readFileSync(join(whole.folder, 'run.log'), 'utf8');
    expect(log).toMatch(/initial phase of phased, epoch 2: lr 0\.3, reconstruction/);
    expect(log).toMatch(/phase: the main one, 2 epochs/);
  });

  it('deploys the student alone', () => {
    const { tensors } = readWeightsFile(whole.result!.files.safetensors!);
    expect([...tensors.keys()].every((name) => /^(conv1|bn1|fc)\./.test(name))).toBe(true);
  });

  it('names it where a loss goes bad', async () => {
    const wild = { ...phased, options: { epochs: 2, trains: 'extras', lr: 1e30 } };
    const { error } = await run(spec({ distillers: [wild] }));
    expect(error).toMatchObject({ code: 'NON_FINITE', details: { term: 'reconstruction', phase: 'phased' } });
    expect(error!.message).toMatch(/of the initial phase of 'phased'/);
  });
});

describe('what an initial phase trains', () => {
  const changed = async (trains: string) => {
    const distillers = [{ distiller: phasedDistiller, options: { epochs: 1, trains } }, remembering];
    const [{ folder: one }, { folder: other }] = await Promise.all([
      run(spec({ distillers }), { until: 1 }),
      run(spec({ distillers }), { until: 3 }),
    ]);
    const [before, after] = [stateAfter(one), stateAfter(other)];
    return [...after.keys()]
      .filter((name) => !name.startsWith('optimizer.'))
      .filter((name) => before.get(name)!.data.some((value, i) => value !== after.get(name)!.data[i]));
  };
  const student = ['conv1.weight', 'bn1.weight', 'bn1.bias', 'bn1.running_mean', 'bn1.running_var'].map(
    (name) => `student.${name}`,
  );
  const extras = (...parts: string[]) =>
    parts.flatMap((part) => [`distiller.phased.${part}.weight`, `distiller.phased.${part}.bias`]);

  it.each([
    ['student', student],
    ['extras', extras('encoder', 'decoder')],
    ['all', [...student, ...extras('decoder')]],
  ])('%s', async (trains, names) => {
    expect((await changed(trains)).sort()).toEqual([...names].sort());
  });

  it('by two distillers must not be the student twice', async () => {
    const both = { distiller: phasedDistiller, options: { epochs: 1, trains: 'student' } };
    const { error } = await run(spec({ distillers: [both, both] }));
    expect(error).toMatchObject({
      code: 'PRECONDITION',
      message: expect.stringMatching(/'phased' and 'phased-2' both train the student/),
    });
  });

  it('by two distillers otherwise comes one after another', async () => {
    const { of } = await run(spec({ distillers: [phased, phased], epochs: 1 }));
    expect(of('phase').map(({ phase }) => phase)).toEqual(['phased', 'phased-2', undefined]);
    expect(of('epoch').at(-1)!.losses).toHaveProperty('phased-2.hint');
  });

  it('for no epoch is refused', async () => {
    const none = { distiller: phasedDistiller, options: { epochs: 0, trains: 'extras' } };
    const { error } = await run(spec({ distillers: [none] }));
    expect(error).toMatchObject({ code: 'PRECONDITION', message: expect.stringMatching(/takes 0 epochs/) });
  });
});

describe('a memory', () => {
  it('begins random, is part of checkpoints, and changes in the rows of the batch alone', async () => {
    const { folder } = await run(spec({ distillers: [remembering] }), { until: 1 });
    const memory = stateAfter(folder).get('distiller.remembering.memory')!;
    expect(memory.shape).toEqual([24, 3]);
    const other = await run(spec({ distillers: [remembering] }), { until: 2 });
    const later = stateAfter(other.folder).get('distiller.remembering.memory')!;
    const rows = Array.from({ length: 24 }, (_, row) => row).filter((row) =>
      [0, 1, 2].some((i) => memory.data[row * 3 + i] !== later.data[row * 3 + i]),
    );
    expect(rows).toHaveLength(8);
  });
});

describe('views', () => {
  it('of one name must be made alike', async () => {
    const other = { distiller: { ...viewingDistiller, id: 'other' }, options: { p: 0.5 } };
    const { error } = await run(spec({ distillers: [viewing, other] }));
    expect(error).toMatchObject({
      code: 'PRECONDITION',
      message:
        `distillers 'viewing' and 'other' contradict each other about view 'mirrored': ` +
        `[{"use":"flip","p":1}] and [{"use":"flip","p":0.5}]`,
    });
  });

  it('are shared by those who describe them alike', async () => {
    const other = { distiller: { ...viewingDistiller, id: 'other' }, options: { p: 1 } };
    const { error, of } = await run(spec({ distillers: [viewing, other], epochs: 1 }));
    expect(error).toBeUndefined();
    const { losses } = of('epoch')[0]!;
    expect(losses['viewing.view']).toBe(losses['other.view']);
  });

  it('move the running statistics after the batch itself', async () => {
    const still = { ...viewing, options: { p: 0 } };
    const plain = spec({ distillers: [{ distiller: toyDistiller, options: { weight: 1 } }], lr: 0 });
    const data = { ...plain.data, augment: [] };
    const [alone, viewed] = await Promise.all([
      run({ ...plain, data }, { until: 1 }),
      run({ ...plain, data, distillers: [still] }, { until: 1 }),
    ]);
    const mean = (folder: string) => stateAfter(folder).get('student.bn1.running_mean')!.data;
    // without augmentation the view is the batch: 0.1 s, then 0.9 (0.1 s) + 0.1 s
    for (const [i, value] of mean(viewed.folder).entries()) {
      expect(value).toBeCloseTo(1.9 * mean(alone.folder)[i]!, 6);
    }
  });
});

describe('weights over time', () => {
  it("follow a term's schedule and the distiller's, and are reported", async () => {
    const { contribution } = spec().parts.use('schedules', 'linear');
    const schedule = { contribution, options: { start: 0, end: 2, from: 0, to: 1, by: 'epoch' } };
    const options = { weight: 0.5 };
    const { of } = await run(
      spec({ distillers: [{ distiller: toyDistiller, options, schedule }], epochs: 3 }),
    );
    expect(of('epoch').map(({ weights }) => weights)).toEqual([
      { logits: 0.25, feature: 0.5 },
      { logits: 0.5, feature: 1 },
      { logits: 0.5, feature: 1 },
    ]);
    const { losses } = of('step')[0]!;
    expect(losses.total).toBeCloseTo(losses.ce! + 0.25 * losses.logits! + 0.5 * losses.feature!, 5);
  });
});
