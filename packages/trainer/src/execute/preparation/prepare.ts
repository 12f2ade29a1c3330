import { LimbeckError, noTargets, type PreparationAccumulator } from '@limbeck/core';
import { createEvalLoader, evaluatedImages } from '@limbeck/data';
import { type StateDict, sizeOf, tensorData } from '@limbeck/graph';
import { poolValues } from '../../analysis/pool.js';
import type { Control } from '../../run/control.js';
import { findNotFinite } from '../../run/finite.js';
import type { LiveTeacher } from '../live-teacher.js';
import { openAside, type TeachingRun, type WorkingTeacher } from '../open-teacher.js';
import type { PlannedPreparation } from './plan-preparations.js';

/** A run that knows what its distillers ask for. */
export interface PreparingRun extends TeachingRun {
  readonly preparations: readonly PlannedPreparation[];
}

/**
 * Computes what distillers ask to know before training, or reads what a run before has kept. Each teacher looks at every
 * training image once, as it is evaluated. One that the step asks for all of it is asked itself; another is opened for this
 * alone.
 *
 * @returns the tensors by state name; empty where nothing is asked for
 * @throws LimbeckError INTERRUPTED; NON_FINITE, SHAPE_MISMATCH naming distiller and tensor
 */
export async function prepareDistillers(
  run: PreparingRun,
  working: readonly WorkingTeacher[],
  control: Control,
): Promise<StateDict> {
  const state = new Map<string, ReturnType<typeof tensorData>>();
  const keep = (planned: PlannedPreparation, tensors: StateDict) => {
    for (const [name, value] of tensors) state.set(planned.stateNames[name]!, value);
  };
  for (const { teacher, live } of working) {
    const missing: PlannedPreparation[] = [];
    for (const planned of run.preparations.filter((one) => one.teacher === teacher.planned.name)) {
      const kept = planned.file?.read(planned.preparation.tensors, control.emit);
      if (kept === undefined) missing.push(planned);
      else {
        keep(planned, kept);
        tell(planned, control, { source: 'kept' });
      }
    }
    if (missing.length === 0) continue;
    const paths = [...new Set(missing.flatMap(({ features }) => features.map(({ path }) => path)))];
    const isReady = live !== undefined && paths.every((path) => live.paths.has(path));
    const own = isReady ? undefined : await openAside(run, teacher, paths, control.emit);
    try {
      const sums = await lookAt(run, own ?? live!, missing, control);
      for (const [planned, accumulator] of sums) {
        const started = performance.now();
        const tensors = await finished(planned, accumulator, control);
        keep(planned, tensors);
        planned.file?.write(tensors, control.emit);
        tell(planned, control, { source: 'computed', seconds: (performance.now() - started) / 1000 });
      }
    } finally {
      await own?.dispose();
    }
  }
  return state;
}

/** Shows every training sample to the preparations of one teacher. */
async function lookAt(
  run: PreparingRun,
  live: LiveTeacher,
  asked: readonly PlannedPreparation[],
  { emit, stop }: Control,
): Promise<[PlannedPreparation, PreparationAccumulator][]> {
  const { dataset } = run.spec.data;
  const { train: split, imageShape } = dataset;
  const { batchSize } = live;
  const loader = createEvalLoader({ ...evaluatedImages(dataset), split, batchSize });
  const sums = asked.map((planned): [PlannedPreparation, PreparationAccumulator] => [
    planned,
    planned.preparation.create(),
  ]);
  const started = performance.now();
  let done = 0;
  for (let step = 0; step < loader.batches; step++) {
    const { images, targets, count } = await loader.batch(step);
    const given = await live.run(tensorData('float32', [batchSize, ...imageShape], images));
    for (const [{ features, readsTargets }, accumulator] of sums) {
      const shown = features.map(({ name, path, given: shape, pooled }) => {
        const data = given[path]!.data as Float32Array;
        return [name, pooled ? poolValues(data, shape, count) : data] as const;
      });
      accumulator.add({
        features: Object.fromEntries(shown),
        targets: readsTargets ? targets : noTargets,
        count,
      });
    }
    done += count;
    const seconds = (performance.now() - started) / 1000;
    emit({
      type: 'prepare',
      teacher: asked[0]!.teacher,
      preparations: asked.map(titleOf),
      done,
      total: split.length,
      imagesPerSecond: done / seconds,
      secondsLeft: (seconds / done) * (split.length - done),
    });
    if (stop()) throw interrupted();
  }
  return sums;
}

async function finished(
  { preparation, distiller }: PlannedPreparation,
  accumulator: PreparationAccumulator,
  { stop }: Control,
): Promise<StateDict> {
  const pause = async () => {
    await new Promise(setImmediate);
    if (stop()) throw interrupted();
  };
  const values = await accumulator.finish(pause);
  const tensors: StateDict = new Map(
    Object.entries(preparation.tensors).map(([name, shape]) => {
      const data = values[name];
      if (data?.length === sizeOf(shape)) return [name, tensorData('float32', shape, data)];
      throw new LimbeckError(
        'SHAPE_MISMATCH',
        `preparation '${preparation.name}' of distiller '${distiller}' gives ${data?.length ?? 'no'} values for '${name}', which takes ${sizeOf(shape)}`,
        { hint: 'give every tensor as it was declared, row-major' },
      );
    }),
  );
  const bad = findNotFinite(tensors);
  if (bad === undefined) return tensors;
  throw new LimbeckError(
    'NON_FINITE',
    `preparation '${preparation.name}' of distiller '${distiller}' gives ${bad.value} at element ${bad.index} of '${bad.name}'`,
    { hint: 'look at what the teacher gives for the training images', details: { ...bad } },
  );
}

const interrupted = () => new LimbeckError('INTERRUPTED', 'the preparation was interrupted');

/** `class-means of norm-direction`. */
const titleOf = ({ preparation, place }: PlannedPreparation): string => `${preparation.name} of ${place}`;

function tell(
  planned: PlannedPreparation,
  { emit }: Control,
  how: { readonly source: 'kept' | 'computed'; readonly seconds?: number },
): void {
  const { teacher, file, preparation } = planned;
  emit({
    type: 'prepared',
    teacher,
    preparation: titleOf(planned),
    tensors: Object.fromEntries(
      Object.entries(preparation.tensors).map(([name, shape]) => [name, [...shape]]),
    ),
    ...how,
    ...(file && { path: file.path }),
  });
}
