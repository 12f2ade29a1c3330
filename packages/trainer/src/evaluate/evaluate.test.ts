import { labelsOf, targetsOf } from '@limbeck/core';
import type { Executable, LoadedModel, ModelPort } from '@limbeck/core/backend';
import { Graph, program, tensorData } from '@limbeck/graph';
import { referenceBackend } from '@limbeck/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Classifier, executableClassifier, loadedClassifier } from '../execute/classifier.js';
import { traceModel } from '../programs/traced-model.js';
import { nll, top1 } from '../standard/metrics.js';
import { toyDataset } from '../testing/toy-data.js';
import { toyTeacher, toyTeacherWeights } from '../testing/toy-models.js';
import { agreementOf, evaluate } from './evaluate.js';

const dataset = toyDataset({ test: 10 });
const metrics = [
  { contribution: top1, options: {} },
  { contribution: nll, options: {} },
];

async function teacherFor(batch: number): Promise<Executable> {
  const graph = new Graph();
  const image = graph.input('image', [batch, 1, 4, 4]);
  const choice = { backbone: toyTeacher, options: undefined };
  const { logits } = traceModel(graph, choice, { prefix: '', mode: 'eval', image, classes: 2 });
  const state = toyTeacherWeights().tensors;
  return referenceBackend.compile(program({ name: 'teacher', outputs: { logits } }), { state });
}

/** A model file as a backend would load it. */
const loaded = (
  executable: Executable,
  batch: number | string,
  changes: Partial<LoadedModel> = {},
): LoadedModel => ({
  inputs: [port('pixels', [batch, 1, 4, 4])],
  outputs: [port('scores', [batch, 2])],
  run: async ({ pixels }) => {
    const { logits } = await executable.step({ image: pixels! });
    return { scores: logits! };
  },
  dispose: async () => undefined,
  ...changes,
});
const port = (name: string, shape: (number | string)[]): ModelPort => ({ name, dtype: 'float32', shape });

let teacher: Executable;
beforeAll(async () => {
  teacher = await teacherFor(4);
});

describe('an evaluation', () => {
  it('sees every sample once, whatever the batch size', async () => {
    const classifiers = [1, 3, 4, 10, 16].map(async (batch) => executableClassifier(await teacherFor(batch)));
    const results = await Promise.all(
      classifiers.map(async (classifier) =>
        evaluate({ classifier: await classifier, dataset, metrics, keepLogits: true }),
      ),
    );
    for (const result of results) {
      expect(result.samples).toBe(10);
      expect(result.predictions).toEqual(labelsOf(targetsOf(dataset.test)));
      expect(result.accuracy).toBe(1);
      expect(result.metrics.nll).toBeCloseTo(results[0]!.metrics.nll!, 12);
      expect(agreementOf(result, results[0]!)).toEqual({ predictions: 1, logits: 0 });
    }
  });

  it('takes the other split on demand', async () => {
    const classifier = executableClassifier(teacher);
    const { samples } = await evaluate({ classifier, dataset, metrics, split: 'train' });
    expect(samples).toBe(dataset.train.length);
  });

  it('takes models from files, of a fixed or of any batch size', async () => {
    const direct = await evaluate({
      classifier: executableClassifier(teacher),
      dataset,
      metrics,
      keepLogits: true,
    });
    for (const batch of [4, 'N']) {
      const classifier = loadedClassifier(loaded(teacher, batch), 'student.onnx');
      const result = await evaluate({ classifier, dataset, metrics, batchSize: 4, keepLogits: true });
      expect(agreementOf(direct, result)).toEqual({ predictions: 1, logits: 0 });
    }
  });

  it('refuses logits that are not finite, with whose they are, how many and the first', async () => {
    const whole = executableClassifier(teacher);
    let batch = 0;
    const classifier: Classifier = {
      batchSize: 4,
      run: async (images) => {
        const { logits } = await whole.run(images);
        const data = Float32Array.from(logits.data as Float32Array);
        if (batch++ > 0) data[2] = Number.NaN;
        return { logits: tensorData('float32', logits.shape, data) };
      },
    };
    const error = await evaluate({ model: "teacher 'wise'", classifier, dataset, metrics }).catch((e) => e);
    expect(error).toMatchObject({ code: 'NON_FINITE', details: { images: 2, first: 5, samples: 10 } });
    expect(error.message).toBe(
      "teacher 'wise' gives logits that are not finite for 2 of 10 images of the test split, first for image 5",
    );
  });

  it('ends when it is told to', async () => {
    const options = { classifier: executableClassifier(teacher), dataset, metrics, stop: () => true };
    await expect(evaluate(options)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('refuses logits of another number of classes, naming both shapes', async () => {
    const classifier = executableClassifier(teacher);
    const more = { ...dataset, classes: 3 };
    await expect(evaluate({ classifier, dataset: more, metrics })).rejects.toMatchObject({
      code: 'SHAPE_MISMATCH',
      message: 'the model gives logits float32 [4, 2], the data needs float32 [4, 3]',
    });
  });
});

it('agreement tells how far two models differ', async () => {
  const classifierOf = (change: (logits: Float32Array) => void): Classifier => ({
    batchSize: 5,
    async run() {
      const data = Float32Array.from({ length: 10 }, (_, i) => i % 2);
      change(data);
      return { logits: tensorData('float32', [5, 2], data) };
    },
  });
  const evaluation = (classifier: Classifier, keepLogits = true) =>
    evaluate({ classifier, dataset, metrics, keepLogits });
  const a = await evaluation(classifierOf(() => undefined));
  const b = await evaluation(
    classifierOf((logits) => {
      logits[2] = 3;
    }),
  );
  expect(agreementOf(a, b)).toEqual({ predictions: 0.8, logits: 3 });
  expect(
    agreementOf(
      a,
      await evaluation(
        classifierOf(() => undefined),
        false,
      ),
    ),
  ).toEqual({ predictions: 1 });
  expect(() => agreementOf(a, { ...b, samples: 9 })).toThrow(/10 and of 9 samples/);
});

describe('a model file is refused', () => {
  it.each<[string, Partial<LoadedModel>, RegExp]>([
    [
      'with two inputs',
      { inputs: [port('a', [1, 1, 4, 4]), port('b', [1])] },
      /takes a \[1, 1, 4, 4\], b \[1\]/,
    ],
    [
      'that takes no images',
      { inputs: [port('a', [1, 16])] },
      /takes a \[1, 16\]; a classifier takes one batch/,
    ],
    [
      'with outputs none of which is called logits',
      { outputs: [port('a', []), port('b', [])] },
      /gives a, b and no/,
    ],
  ])('%s', (_, changes, message) => {
    expect(() => loadedClassifier(loaded(teacher, 4, changes), 'student.onnx')).toThrow(
      expect.objectContaining({ code: 'SHAPE_MISMATCH', message: expect.stringMatching(message) }),
    );
  });
});
