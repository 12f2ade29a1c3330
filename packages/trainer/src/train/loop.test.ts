import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Backbone, defineDistiller, indexTargets } from '@limbeck/core';
import { defineExporter } from '@limbeck/core/backend';
import type { RunDataset } from '@limbeck/data';
import { add, mean, square, sub } from '@limbeck/graph';
import { referenceBackend } from '@limbeck/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunSpec } from '../run/run-spec.js';
import { recordRun } from '../testing/record-run.js';
import { readLines, temporaryFolder } from '../testing/run-files.js';
import { toyDataset } from '../testing/toy-data.js';
import { toyBackbone, toyDistiller, toyTeacherWeights } from '../testing/toy-models.js';
import { toySpec } from '../testing/toy-run.js';
import { readWeightsFile } from '../weights/read.js';
import type { TrainOptions } from './loop.js';

let root: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  root = temporaryFolder();
});
afterEach(() => root.remove());

const featureDistiller = defineDistiller({
  id: 'feature',
  description: 'channels follow those of the teacher',
  build: ({ student, teacher, m }) => ({
    losses: {
      feature: {
        weight: 1,
        value: mean(square(sub(m.linear('projector', student.embedding, { out: 4 }), teacher.embedding))),
      },
    },
  }),
});

const tapDistiller = defineDistiller({
  id: 'tap',
  description: "another head's predictions follow the teacher's",
  build: ({ student, teacher }) => ({
    losses: {
      tap: { weight: 1, value: mean(square(sub(student.tap('distillation-logits'), teacher.logits))) },
    },
  }),
});

const spec = (changes: Partial<RunSpec> = {}) => toySpec(referenceBackend, changes);

const run = (what: RunSpec, options: Partial<TrainOptions> = {}) =>
  recordRun(what, { folder: join(root.path, 'run'), ...options });

describe('a run', () => {
  it('tells what it does, in order', async () => {
    const { events } = await run(spec({ epochs: 2 }));
    expect(events.map(({ type }) => type)).toEqual([
      ...['start', 'compiled', 'compiled', 'compiled', 'teacher'],
      ...['step', 'step', 'step', 'epoch', 'checkpoint'],
      ...['step', 'step', 'step', 'epoch', 'checkpoint'],
      'finish',
    ]);
    expect(events[0]).toMatchObject({
      student: { id: 'toy-student', parameters: 41 },
      teachers: [{ name: 'teacher', id: 'toy-teacher', parameters: 54, backend: 'reference' }],
      stepsPerEpoch: 3,
      weights: { ce: 1, logits: 0.5, feature: 1 },
      backend: 'reference',
    });
  });

  it('learns', async () => {
    const { result, of } = await run(spec({ epochs: 6 }));
    expect(result!.last.top1).toBeGreaterThan(0.8);
    expect(result!.teachers.teacher!.metrics!.top1).toBe(1);
    const totals = of('epoch').map(({ losses }) => losses.total!);
    expect(totals.at(-1)).toBeLessThan(totals[0]! / 2);
  });

  it('reports means of the terms, whose weighted sum is the total', async () => {
    const { of } = await run(spec({ epochs: 1 }));
    const [epoch] = of('epoch');
    const { ce, logits, feature, total } = epoch!.losses;
    expect(total).toBeCloseTo(ce! + 0.5 * logits! + feature!, 5);
    const steps = of('step').map(({ losses }) => losses.ce!);
    expect(ce).toBeCloseTo(steps.reduce((sum, value) => sum + value) / steps.length, 10);
    expect(epoch!.accuracy).toBe(of('step').at(-1)!.accuracy);
  });

  it('follows the schedule step by step', async () => {
    const { of } = await run(spec({ epochs: 2 }));
    const cosine = [0, 1, 2, 3, 4, 5].map((step) => 0.05 * (1 + Math.cos((Math.PI * step) / 6)));
    expect(of('step').map(({ lr }) => lr.toFixed(12))).toEqual(cosine.map((lr) => lr.toFixed(12)));
  });

  it('leaves a complete folder', async () => {
    const record = { config: { student: 'toy' }, environment: { node: 'any' } };
    const { folder, result } = await run(spec(), { record });
    expect(readdirSync(folder).sort()).toEqual([
      'checkpoints',
      'config.json',
      'environment.json',
      'metrics.jsonl',
      'result.json',
      'run.log',
      'student-best.safetensors',
      'student.safetensors',
    ]);
    const json = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
    expect(json('config.json')).toEqual(record.config);
    expect(json('environment.json')).toEqual(record.environment);
    expect(json('result.json')).toEqual(result);
    expect(readLines(join(folder, 'metrics.jsonl'))).toHaveLength(3);
    expect(readFileSync(join(folder, 'run.log'), 'utf8')).toMatch(/epoch 3: .*test: top1/);
  });

  it('exports the student under published names, with its facts', async () => {
    const { result } = await run(spec());
    const { tensors, metadata } = readWeightsFile(result!.files.safetensors!);
    const batchNorm = ['weight', 'bias', 'running_mean', 'running_var'].map((name) => `bn1.${name}`);
    expect([...tensors.keys()]).toEqual(['conv1.weight', ...batchNorm, 'fc.weight', 'fc.bias']);
    expect(metadata).toMatchObject({
      'limbeck.backbone': 'toy-student',
      'limbeck.classes': '2',
      'limbeck.imageShape': '[1, 4, 4]',
    });
    expect(JSON.parse(metadata!['limbeck.metrics']!)).toEqual(result!.last);
  });

  it("notes the backbone's options down with them, and warns where they have changed", async () => {
    const student = spec().student;
    const chosen = { ...student, options: { stem: 'cifar', heads: 3 } };
    const { result, of } = await run(spec({ student: chosen, epochs: 1 }));
    const weights = readWeightsFile(result!.files.safetensors!);
    expect(weights.metadata!['limbeck.options']).toBe('{"stem":"cifar","heads":3}');
    expect(of('warning')).toEqual([]);
    const changed = { ...student, options: { stem: 'cifar', heads: 4 }, weights };
    const again = await run(spec({ student: changed, epochs: 1 }), { folder: join(root.path, 'again') });
    expect(again.of('warning')).toMatchObject([
      {
        code: 'WEIGHTS_MISMATCH',
        message: expect.stringMatching(
          /student.safetensors was trained with other options than student 'toy-student' has: heads: 3, now 4$/,
        ),
      },
    ]);
  });

  it('hands exporters the deployed student for one image, weights included', async () => {
    const seen: string[] = [];
    const exporter = defineExporter<{ loud: boolean }>({
      id: 'text',
      description: 'what it was given',
      extension: '.txt',
      write({ state, inputs, outputs }, { options }) {
        seen.push(
          `${state.length} ${inputs.map(({ shape }) => shape)} ${[...outputs.keys()]} ${options?.loud}`,
        );
        return new TextEncoder().encode('written');
      },
    });
    const { result } = await run(spec({ exporters: [{ contribution: exporter, options: { loud: true } }] }));
    expect(seen).toEqual(['0 1,1,4,4 logits true']);
    expect(readFileSync(result!.files.text!, 'utf8')).toBe('written');
  });

  describe('warns of what would be deployed as it was drawn', () => {
    const twoHeads: Backbone = {
      ...toyBackbone('two-heads', 3),
      classify(m, embedding, classes) {
        const [first, second] = ['head', 'head_dist'].map((name) =>
          m.linear(name, embedding, { out: classes }),
        );
        m.tap('distillation-logits', second!);
        return m.mode === 'train' ? first! : add(first!, second!);
      },
    };
    const student = { backbone: twoHeads, options: undefined };
    const message =
      'the deployed model reads student.head_dist.weight, student.head_dist.bias, which no loss trains and no weights bring: they stay as they are drawn';
    const alone = { student, teachers: [], distillers: [], epochs: 1 };

    it('a second head that no loss reads', async () => {
      const { of, error } = await run(spec(alone));
      expect(error).toBeUndefined();
      expect(of('warning')).toMatchObject([{ code: 'PRECONDITION', message }]);
    });

    it('a classifier without labels', async () => {
      const distillers = [{ distiller: featureDistiller, options: {} }];
      const { of } = await run(spec({ distillers, taskWeight: 0, epochs: 1 }));
      expect(of('warning')).toMatchObject([{ message: expect.stringContaining('student.fc.weight') }]);
    });

    it('but not where a distiller trains it', async () => {
      const distillers = [{ distiller: tapDistiller, options: {} }];
      const { of } = await run(spec({ student, distillers, epochs: 1 }));
      expect(of('warning')).toEqual([]);
    });

    it('nor where weights bring it', async () => {
      const weights = readWeightsFile((await run(spec(alone))).result!.files.safetensors!);
      const again = spec({ ...alone, student: { ...student, weights } });
      const { of, result } = await run(again, { folder: join(root.path, 'again') });
      expect(of('warning')).toEqual([]);
      const { tensors } = readWeightsFile(result!.files.safetensors!);
      expect(tensors.get('head_dist.weight')).toEqual(weights.tensors.get('head_dist.weight'));
      expect(tensors.get('head.weight')).not.toEqual(weights.tensors.get('head.weight'));
    });
  });

  it('trains a student alone, without a teacher', async () => {
    const { result, of } = await run(spec({ teachers: [], distillers: [] }));
    expect(result!.teachers).toEqual({});
    expect(of('teacher')).toEqual([]);
    expect(of('start')[0]).toMatchObject({ weights: { ce: 1 } });
  });

  it('gives the same bits for the same seed and others for another', async () => {
    const student = async (seed: number, name: string) => {
      const { result } = await run(spec({ seed, epochs: 1 }), { folder: join(root.path, name) });
      return readFileSync(result!.files.safetensors!);
    };
    const first = await student(1, 'a');
    expect(await student(1, 'b')).toEqual(first);
    expect(await student(2, 'c')).not.toEqual(first);
  });

  it('starts from given weights', async () => {
    const backbone = toyBackbone('toy-student', 4);
    const { of } = await run(
      spec({ student: { backbone, options: undefined, weights: toyTeacherWeights() }, lr: 0, epochs: 1 }),
    );
    expect(of('epoch')[0]!.accuracy).toBeGreaterThan(0.9);
  });

  it('evaluates when it is due, and after the last epoch', async () => {
    const { of } = await run(spec({ epochs: 5, evaluate: { every: 2, splits: ['test'] } }));
    const evaluated = of('epoch').filter(({ test }) => test !== undefined);
    expect(evaluated.map(({ epoch }) => epoch)).toEqual([2, 4, 5]);
  });

  it('measures the training split as it is where that is asked for', async () => {
    const { of } = await run(
      spec({ epochs: 1, evaluate: { every: 1, splits: ['test', 'train'], trainImages: 5 } }),
    );
    const { train: seen, test } = of('epoch')[0]!;
    expect(Object.keys(seen!)).toEqual(Object.keys(test!));
    // a share of five images
    expect(seen!.top1! * 5).toBeCloseTo(Math.round(seen!.top1! * 5), 9);
  });

  it('stops early, saying why', async () => {
    const { result, of } = await run(spec({ epochs: 50, earlyStopping: { patience: 2, minDelta: 0.5 } }));
    expect(result!.epochs).toBe(3);
    expect(result!.stopped).toMatch(/top1 has not improved on .* in the last 2 epochs/);
    expect(of('early-stop')[0]).toMatchObject({ epoch: 3, reason: result!.stopped });
  });

  it('counts epochs for that, however rarely it evaluates', async () => {
    const { result } = await run(
      spec({
        epochs: 50,
        evaluate: { every: 2, splits: ['test'] },
        earlyStopping: { patience: 3, minDelta: 0.5 },
      }),
    );
    // the value of epoch 2 is 2 epochs old in epoch 4, and 4 in epoch 6
    expect(result!.epochs).toBe(6);
    expect(result!.stopped).toMatch(/in the last 4 epochs/);
  });
});

describe('checkpoints', () => {
  const kept = (folder: string) =>
    readdirSync(join(folder, 'checkpoints'))
      .map((name) => /^step-(\d+)\.json$/.exec(name)?.[1])
      .filter((step) => step !== undefined)
      .map(Number)
      .sort((a, b) => a - b);

  it('keep the two latest, the best and every n-th epoch', async () => {
    const checkpoint = { everyEpochs: 1, keep: { last: 2, best: true, everyEpochs: 4 } };
    const { folder, of } = await run(spec({ epochs: 10, checkpoint }));
    const best = of('checkpoint').filter((event) => event.best);
    expect(kept(folder)).toEqual([...new Set([best.at(-1)!.step, 12, 24, 27, 30])].sort((a, b) => a - b));
    expect(readdirSync(join(folder, 'checkpoints'))).toHaveLength(2 * kept(folder).length);
  });

  it('are written at the end and for a new best even where none is due', async () => {
    const { of } = await run(
      spec({ epochs: 3, checkpoint: { everyEpochs: 100, keep: { last: 2, best: false } } }),
    );
    expect(of('checkpoint').map(({ step }) => step)).toEqual([9]);
  });

  it('are written inside epochs on demand', async () => {
    const checkpoint = { everyEpochs: 1, everySteps: 2, keep: { last: 2, best: false } };
    const { of } = await run(spec({ epochs: 2, checkpoint }));
    expect(of('checkpoint').map(({ step }) => step)).toEqual([2, 3, 5, 6]);
  });
});

describe('what does not fit is refused before anything is written:', () => {
  const withDataset = (changes: Partial<RunDataset>): Partial<RunSpec> => ({
    data: { ...spec().data, dataset: { ...toyDataset(), ...changes } },
  });
  const split = (labels: readonly number[]) => ({ ...toyDataset().train, targets: indexTargets(labels) });
  const twentyFour = Array.from({ length: 24 }, (_, i) => i % 2);

  it.each<[string, Partial<RunSpec>, string, RegExp]>([
    [
      'a label beyond the classes',
      withDataset({ train: split([...twentyFour.slice(0, 5), 2, ...twentyFour.slice(6)]) }),
      'BAD_DATA',
      /label 2 of sample 5 in the train split is outside \[0, 2\)/,
    ],
    [
      'a negative label',
      withDataset({ test: split([-1, ...twentyFour.slice(1)]) }),
      'BAD_DATA',
      /label -1 of sample 0 in the test/,
    ],
    ['labels for other images', withDataset({ train: split([0]) }), 'BAD_DATA', /24 images and 1 labels/],
    [
      'a batch larger than the data',
      { data: { ...spec().data, batchSize: 25 } },
      'BAD_DATA',
      /batchSize 25 is larger than the training split, which has 24/,
    ],
    [
      'a teacher for other classes',
      withDataset({ classes: 3 }),
      'WEIGHTS_MISMATCH',
      /toy-teacher.safetensors holds a teacher 'toy-teacher' for 2 classes, the data has 3/,
    ],
    [
      'a teacher of another architecture',
      { teachers: [{ ...spec().teachers[0]!, backbone: toyBackbone('toy-teacher', 5) }] },
      'WEIGHTS_MISMATCH',
      /6 misshapen: conv1.weight is \[4, 1, 3, 3\], the model has \[5, 1, 3, 3\]/,
    ],
    ['no metric', { metrics: [] }, 'CONFIG_INVALID', /there is no metric/],
    ['half an epoch', { epochs: 0.5 }, 'CONFIG_INVALID', /epochs is 0.5/],
  ])('%s', async (_, changes, code, message) => {
    const { error, folder } = await run(spec(changes));
    expect(error).toMatchObject({ code });
    expect(error!.message).toMatch(message);
    expect(existsSync(folder)).toBe(false);
  });

  it('a teacher at chance, unless that is accepted', async () => {
    const weights = toyTeacherWeights();
    const swapped = new Map(weights.tensors);
    swapped.set('fc.weight', { ...swapped.get('fc.weight')!, data: new Float32Array(8) });
    const teacher = { ...spec().teachers[0]!, weights: { ...weights, tensors: swapped } };
    const { error, folder } = await run(spec({ teachers: [teacher] }));
    expect(error).toMatchObject({ code: 'PRECONDITION', exitCode: 2 });
    expect(error!.message).toBe(
      "teacher 'toy-teacher' (toy-teacher.safetensors) is at chance: 50.0 % right of 2 classes",
    );
    expect(existsSync(folder)).toBe(false);

    const { result, of } = await run(spec({ teachers: [{ ...teacher, acceptChance: true }] }));
    expect(result!.epochs).toBe(3);
    expect(of('warning')[0]).toMatchObject({ code: 'PRECONDITION', message: error!.message });
  });
});

describe('a loss that is not finite', () => {
  const explosive = { distillers: [{ distiller: toyDistiller, options: { weight: 1e38 } }] };

  it('stops the run, naming step, epoch, term and rate', async () => {
    const { error, folder } = await run(spec({ ...explosive, lr: 1e3 }));
    expect(error).toMatchObject({ code: 'NON_FINITE', exitCode: 1 });
    expect(error!.message).toMatch(/^loss '\w+' is \S+ at step \d \(epoch 1\) with learning rate \d/);
    expect(error!.hint).toMatch(/lower learning rate/);
    expect(readFileSync(join(folder, 'run.log'), 'utf8')).toMatch(/error NON_FINITE: loss/);
    expect(existsSync(join(folder, 'student.safetensors'))).toBe(false);
  });

  it('is noticed after the last step too: nothing is exported', async () => {
    const whole = toyDataset();
    const metrics = spec().metrics.slice(0, 1);
    const one = { epochs: 1, lr: 1e38, metrics, distillers: [], teachers: [] };
    const data = { ...spec().data, batchSize: whole.train.length };
    const { error, of, folder } = await run(spec({ ...one, data }));
    expect(error).toMatchObject({ code: 'NON_FINITE', exitCode: 1 });
    expect(of('step')).toHaveLength(1);
    expect(error!.message).toMatch(/^the student after epoch 1 gives logits that are not finite for \d+ of/);
    expect(existsSync(join(folder, 'student.safetensors'))).toBe(false);
    expect(existsSync(join(folder, 'result.json'))).toBe(false);
    expect(of('checkpoint')).toEqual([]);
  });

  it('is the fault of a teacher whose logits are not finite', async () => {
    const weights = toyTeacherWeights();
    const tensors = new Map(weights.tensors);
    tensors.set('fc.weight', { ...tensors.get('fc.weight')!, data: new Float32Array(8).fill(3e38) });
    const teacher = { ...spec().teachers[0]!, name: 'wise', weights: { ...weights, tensors } };
    const { error } = await run(spec({ teachers: [teacher] }));
    expect(error).toMatchObject({ code: 'NON_FINITE' });
    expect(error!.message).toMatch(/^teacher 'wise' gives logits that are not finite/);
  });

  it('names the term that went bad and keeps the checkpoints', async () => {
    // the second epoch's learning rate breaks what the first has learnt
    const { error, of, folder } = await run(
      spec({
        schedule: {
          contribution: { id: 'jump', description: '', create: () => (step) => (step < 4 ? 1 : 1e30) },
          options: {},
        },
      }),
    );
    expect(error).toMatchObject({ code: 'NON_FINITE', details: { epoch: 2 } });
    expect(of('checkpoint').map(({ step }) => step)).toEqual([3]);
    expect(existsSync(join(folder, 'checkpoints', 'step-3.safetensors'))).toBe(true);
  });
});
