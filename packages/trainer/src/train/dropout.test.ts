import { join } from 'node:path';
import { defineBackbone } from '@limbeck/core';
import type { ComputeBackend } from '@limbeck/core/backend';
import { globalAveragePool, relu, type TensorData } from '@limbeck/graph';
import { referenceBackend } from '@limbeck/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunSpec } from '../run/run-spec.js';
import { recordSteps } from '../testing/record-run.js';
import { outcomeOf, temporaryFolder } from '../testing/run-files.js';
import { phasedDistiller, viewingDistiller } from '../testing/toy-methods.js';
import { toyDistiller } from '../testing/toy-models.js';
import { toySpec } from '../testing/toy-run.js';

const root = temporaryFolder();
let runs = 0;
const newFolder = () => join(root.path, `run-${runs++}`);
afterAll(() => root.remove());

/** The toy backbone, dropping elements and samples in training. */
const droppingBackbone = (id: string, width: number, rate = 0.3) =>
  defineBackbone({
    id,
    description: 'one convolution and dropout',
    encode(m, image) {
      const x = relu(m.batchNorm('bn1', m.conv('conv1', image, { out: width, kernel: 3, padding: 1 })));
      return m.dropPath('drop_path', globalAveragePool(m.tap('last-map', m.dropout('drop', x, { rate }))), {
        rate,
      });
    },
    classify: (m, embedding, classes) => m.linear('fc', embedding, { out: classes }),
  });

/** The reference, telling what each program was fed with, and whether it drops anything. */
function watchedBackend() {
  const fed: { program: string; feeds: Readonly<Record<string, TensorData>> }[] = [];
  const random = new Map<string, boolean>();
  const backend: ComputeBackend = {
    ...referenceBackend,
    async compile(program, options) {
      const executable = await referenceBackend.compile(program, options);
      random.set(
        program.name,
        program.inputs.some(({ attributes }) => String(attributes.name).startsWith('random.')),
      );
      return {
        ...executable,
        signature: executable.signature,
        step(feeds) {
          fed.push({ program: program.name, feeds });
          return executable.step(feeds);
        },
        readState: () => executable.readState(),
        writeState: (state) => executable.writeState(state),
        dispose: () => executable.dispose(),
      };
    },
  };
  return { backend, fed, random };
}

const spec = (backend: ComputeBackend, changes: Partial<RunSpec> = {}): RunSpec => {
  const base = toySpec(backend, {
    student: { backbone: droppingBackbone('dropping-student', 3), options: undefined },
    distillers: [
      { distiller: phasedDistiller, options: { epochs: 1, trains: 'both', lr: 0.3 } },
      { distiller: viewingDistiller, options: { p: 1 } },
      { distiller: toyDistiller, options: { weight: 0.5 } },
    ] as RunSpec['distillers'],
    epochs: 2,
    checkpoint: { everyEpochs: 1, everySteps: 1, keep: { last: 2, best: true } },
    ...changes,
  });
  const teacher = { ...base.teachers[0]!, backbone: droppingBackbone('dropping-teacher', 4) };
  return { ...base, teachers: [teacher] };
};

/** Runs to the end, or until so many steps are done; returns the folder. */
async function run(what: RunSpec, { folder = newFolder(), resume = false, until = Infinity } = {}) {
  const { error } = await recordSteps(what, until, { folder, resume });
  if (error !== undefined && error.code !== 'INTERRUPTED') throw error;
  return folder;
}

describe('a student that drops', () => {
  it.each([1, 3])(
    'drops something else in every batch of every phase, with %i batches a step',
    async (accumulate) => {
      const { backend, fed, random } = watchedBackend();
      await run(spec(backend, { accumulate }));
      const masks = fed.flatMap(({ feeds }) =>
        'random.step' in feeds ? [String(feeds['random.step']!.data)] : [],
      );
      // one initial epoch and two main ones, of three batches each
      expect(masks).toHaveLength(9);
      expect(new Set(masks).size).toBe(9);
      // neither the teacher nor the student that is evaluated
      const programs = [...random].filter(([, drops]) => drops).map(([name]) => name);
      expect(programs).toEqual(['initial phase of phased', 'student']);
      expect(random.size).toBeGreaterThan(programs.length + 1);
    },
  );

  it('ends with the same bits wherever it is stopped', async () => {
    for (const accumulate of [1, 3]) {
      const what = spec(referenceBackend, { accumulate });
      const expected = outcomeOf(await run(what));
      for (const until of accumulate === 1 ? [1, 3, 7] : [1, 2]) {
        const folder = await run(what, { until });
        expect(outcomeOf(await run(what, { folder, resume: true }))).toEqual(expected);
      }
    }
  });

  it('ends with other bits under another rate', async () => {
    const other = { backbone: droppingBackbone('dropping-student', 3, 0.31), options: undefined };
    const ends = [spec(referenceBackend), spec(referenceBackend, { student: other })];
    const [first, second] = await Promise.all(ends.map(async (one) => outcomeOf(await run(one))));
    expect(second).not.toEqual(first);
  });
});
