import { LimbeckError } from '@limbeck/core';
import { sizeOf } from '@limbeck/graph';
import { evaluate } from '../evaluate/evaluate.js';
import { executableClassifier } from '../execute/classifier.js';
import { compile } from '../execute/compile.js';
import { freeBytes } from '../execute/teacher-cache/space.js';
import { stateFor } from '../programs/state.js';
import type { RunSpec } from '../run/run-spec.js';
import { type PreparedRun, prepareRun } from '../train/prepare.js';
import { type MeasureOptions, measureSteps, type StepMeasurement } from './measure-steps.js';

/** What a run will take, from a short measurement. */
export interface RunEstimate {
  readonly steps: StepMeasurement;
  readonly stepsPerEpoch: number;
  /** Of all phases. */
  readonly epochs: number;
  readonly evaluations: number;
  readonly seconds: {
    /** Tracing, lowering and loading of the programs. */
    readonly compile: number;
    /** Filling the caches of teachers; 0 where there are none, or where they are full. */
    readonly caches: number;
    readonly train: number;
    /** All evaluations, the examination of teachers included. */
    readonly evaluate: number;
    readonly total: number;
  };
  /** Most memory that the process has had while it was measured, in bytes. */
  readonly memory: number;
  readonly disk: {
    /** Of the run folder at its fullest, in bytes: checkpoints and the student's files. */
    readonly run: number;
    /** What caches of teachers still lack. */
    readonly caches: number;
    /** What is free where the run folder goes. */
    readonly free: number;
  };
}

/** What is measured, and where a run would be written. */
export interface EstimateOptions extends Pick<MeasureOptions, 'steps' | 'say' | 'stop'> {
  /** Folder that run folders go to. */
  readonly folder: string;
}

/** Images of the split that is evaluated, at most, for the measurement. */
const evaluated = 500;

/**
 * Says what a run will take: some steps are timed as the run takes them, and some images evaluated. Training gets no
 * slower or faster from epoch to epoch, so the rest is counted. Nothing is written but the ranges of teachers in int8.
 *
 * @throws LimbeckError as `train` does where parts, data and weights do not fit; INTERRUPTED
 */
export async function estimateRun(
  spec: RunSpec,
  { folder, steps = 5, say = () => undefined, stop = () => false }: EstimateOptions,
): Promise<RunEstimate> {
  const run = prepareRun(spec);
  const measured = await measureSteps(spec, { steps, warmUp: 1, say, stop });
  const interrupted = () => {
    if (stop()) throw new LimbeckError('INTERRUPTED', 'the measurement was interrupted');
  };
  interrupted();
  say('measured evaluation');
  const perImage = await evaluationTime(run, stop);
  const epochs = run.phases.reduce((sum, phase) => sum + phase.epochs, 0);
  const stepsInAll = epochs * run.stepsPerEpoch;
  const evaluations = Math.ceil(spec.epochs / spec.evaluate.every);
  const cached = run.teachers.filter(({ cache }) => cache !== undefined);
  // what a full cache says costs next to nothing
  const withoutCached = measured.programs
    .filter(({ name }) => cached.some(({ planned }) => planned.name === name))
    .reduce((sum, { ms }) => sum + ms, 0);
  const test = spec.data.dataset.test.length;
  const caches = fillingTime(run, measured);
  const seconds = {
    compile: measured.compileSeconds,
    caches,
    train: (stepsInAll * Math.max(0, measured.stepMs - withoutCached)) / 1000,
    evaluate: perImage * test * evaluations + examinationTime(run, measured),
  };
  const total = Object.values(seconds).reduce((sum, value) => sum + value, 0);
  return {
    steps: measured,
    stepsPerEpoch: run.stepsPerEpoch,
    epochs,
    evaluations,
    seconds: { ...seconds, total },
    memory: process.resourceUsage().maxRSS * 1024,
    disk: {
      run: runBytes(run),
      caches: cached.reduce((sum, { cache }) => sum + cache!.bytesOf(cache!.missing()), 0),
      free: freeBytes(folder),
    },
  };
}

/** Seconds an image of the evaluated split takes, the padding of the last batch spread over all. */
async function evaluationTime(run: PreparedRun, stop: () => boolean): Promise<number> {
  const { spec } = run;
  const { evalBatchSize, dataset } = spec.data;
  const program = run.deployed(evalBatchSize);
  const state = new Map([...run.teacherState, ...run.untouched, ...run.stateOf(run.phases.at(-1)!)]);
  const executable = await compile(program, spec.placement, {
    emit: () => undefined,
    state: stateFor(program, state),
  });
  try {
    const classifier = executableClassifier(executable);
    const samples = Math.min(dataset.test.length, Math.max(evalBatchSize, evaluated));
    const { seconds } = await evaluate({ classifier, dataset, metrics: [], samples, stop });
    return seconds / samples;
  } finally {
    await executable.dispose();
  }
}

/** Milliseconds that a teacher takes for an image. */
const teacherMs = ({ planned }: PreparedRun['teachers'][number], { programs, batchSize }: StepMeasurement) =>
  (programs.find(({ name }) => name === planned.name)?.ms ?? 0) / batchSize;

function fillingTime({ teachers }: PreparedRun, measured: StepMeasurement): number {
  return teachers.reduce((sum, teacher) => {
    const { cache } = teacher;
    if (cache === undefined) return sum;
    const records = cache.missing().reduce((all, { shard }) => all + cache.recordsOf(shard), 0);
    return sum + (records * teacherMs(teacher, measured)) / 1000;
  }, 0);
}

/** Each teacher looks at the evaluated split once. */
const examinationTime = ({ teachers, spec }: PreparedRun, measured: StepMeasurement): number =>
  teachers.reduce(
    (sum, teacher) => sum + (spec.data.dataset.test.length * teacherMs(teacher, measured)) / 1000,
    0,
  );

/** Checkpoints that are kept at a time, and the student's files. */
function runBytes({ plan, spec, deployed }: PreparedRun): number {
  const bytes = (slots: readonly { readonly current: { readonly shape: readonly number[] } }[]) =>
    slots.reduce((sum, { current }) => sum + 4 * sizeOf(current.shape), 0);
  const state = bytes([...plan.program.state, ...(plan.update?.state ?? [])]);
  const { everyEpochs, keep } = spec.checkpoint;
  const forGood = keep.everyEpochs === undefined ? 0 : Math.floor(spec.epochs / keep.everyEpochs);
  const ofEpochs = Math.ceil(spec.epochs / everyEpochs);
  const written = spec.checkpoint.everySteps === undefined ? ofEpochs : Number.POSITIVE_INFINITY;
  // one more while a new one is written
  const kept = Math.min(written, keep.last + 1) + (keep.best ? 1 : 0) + forGood;
  return kept * state + (1 + spec.exporters.length) * bytes(deployed(1).state);
}
