import { isLimbeckError } from '@limbeck/core';
import type { ComputeBackend, Executable, ProfileEntry, ProfileOptions } from '@limbeck/core/backend';
import { leafName } from '@limbeck/graph';
import { median } from '../analysis/median.js';
import { type FeatureSource, liveFeatures } from '../execute/feature-source.js';
import { openTeacher, pathsOf } from '../execute/open-teacher.js';
import { Stepper } from '../execute/step.js';
import { openStudentStep } from '../execute/student-step.js';
import type { Placement } from '../run/choices.js';
import type { RunSpec } from '../run/run-spec.js';
import { prepareRun } from '../train/prepare.js';

/** How many steps are timed, and what is reported. */
export interface MeasureOptions {
  /** Steps that count. Default 10. */
  readonly steps?: number;
  /** Steps before the first that counts. Default 2. */
  readonly warmUp?: number;
  /** Collect the time of each operation, where the backend can; slows the steps down a little. */
  readonly profile?: boolean;
  /** Told what begins, for people who wait: the steps once everything is compiled, then each program's profile. */
  readonly say?: (line: string) => void;
  /** Asked after every step; true ends the measurement with the steps so far. */
  readonly stop?: () => boolean;
}

/** One program of a step. */
export interface MeasuredProgram {
  /** `student`, or the teacher's name. */
  readonly name: string;
  /** Id of its backend. */
  readonly backend: string;
  /** Median milliseconds a step. */
  readonly ms: number;
  /** Where the time went; absent where it was not asked for, or cannot be told. */
  readonly profile?: readonly ProfileEntry[];
  /** Why it cannot be told, where it was asked for, and what to do about it. */
  readonly noProfile?: { readonly reason: string; readonly hint?: string };
}

/** What the steps of a run take. */
export interface StepMeasurement {
  /** In the order they run: the teachers, then the student's step. */
  readonly programs: readonly MeasuredProgram[];
  /** Median milliseconds to draw a batch from the data. */
  readonly dataMs: number;
  /** Median milliseconds of a whole step, data included. */
  readonly stepMs: number;
  readonly imagesPerSecond: number;
  /** Images of an optimiser step. */
  readonly batchSize: number;
  /** Steps that were measured. */
  readonly steps: number;
  /** Seconds to trace, lower and load the programs, calibration included. */
  readonly compileSeconds: number;
}

/**
 * Takes steps of a run's main phase on training data and measures them. Nothing is written but the ranges of
 * teachers in int8, which the run will need too. Teachers are asked live, those with a cache as well.
 *
 * @throws LimbeckError as `train` does where parts, data and weights do not fit
 */
export async function measureSteps(
  spec: RunSpec,
  { steps = 10, warmUp = 2, profile = false, say = () => undefined, stop = () => false }: MeasureOptions = {},
): Promise<StepMeasurement> {
  const started = performance.now();
  const teachers = spec.teachers.map(({ cache: _, ...teacher }) => {
    const kept: Executable[] = [];
    return { spec: { ...teacher, placement: watched(teacher.placement, { kept, profile }) }, kept };
  });
  const own: Executable[] = [];
  const run = prepareRun({
    ...spec,
    teachers: teachers.map((teacher) => teacher.spec),
    placement: watched(spec.placement, { kept: own, profile }),
  });
  const emit = () => undefined;
  const phase = run.phases.at(-1)!;
  const given = new Set(phase.plan.program.inputs.map(leafName));
  const opened: { dispose(): Promise<void> }[] = [];
  try {
    const sources: (FeatureSource & { readonly part: Part })[] = [];
    for (const [i, teacher] of run.teachers.entries()) {
      const { name, features } = teacher.planned;
      const needed = features.filter(({ input }) => given.has(input));
      if (needed.length === 0) continue;
      const live = await openTeacher(run, teacher, pathsOf(teacher), { emit });
      opened.push(live);
      const { backend } = teacher.spec.placement;
      sources.push(timed(liveFeatures(live, needed), partOf(name, backend, teachers[i]!.kept)));
    }
    const student = await openStudentStep(phase.plan, run.spec.placement, {
      emit,
      state: run.stateOf(phase),
    });
    opened.push(student);
    const compileSeconds = (performance.now() - started) / 1000;
    const part = partOf('student', spec.placement.backend, own.slice(0, 1));
    const parts = [...sources.map((source) => source.part), part];
    const stepper = new Stepper(phase.plan, { student, sources });
    say(`measured steps: ${steps}, after ${warmUp} to warm up`);
    const [dataTimes, stepTimes]: [number[], number[]] = [[], []];
    for (let step = 0; step < warmUp + steps && !(stop() && stepTimes.length > 0); step++) {
      const before = performance.now();
      const first = (step % run.stepsPerEpoch) * phase.plan.batches;
      let drawing = 0;
      const batch = async (one: number) => {
        const begun = performance.now();
        const drawn = await run.source.batch(phase.plan, phase.epochsBefore, first + one);
        drawing += performance.now() - begun;
        return drawn;
      };
      const averageDecay = phase.averageDecayAt?.(0);
      await stepper.run({ batch, lr: phase.rateAt(0), averageDecay, factors: phase.factorsAt(0) });
      const took = performance.now() - before;
      const taught = sources.reduce(
        (sum, source) => sum + joinLast(source.part.times, phase.plan.batches),
        0,
      );
      part.times.push(took - drawing - taught);
      if (step === warmUp - 1) for (const { times } of parts) times.length = 0;
      if (step < warmUp) continue;
      dataTimes.push(drawing);
      stepTimes.push(took);
      // signals reach this thread between steps only
      await new Promise(setImmediate);
    }
    const stepMs = median(stepTimes);
    const batchSize = spec.data.batchSize * phase.plan.batches;
    const measured: MeasuredProgram[] = [];
    for (const one of parts) {
      const wanted = profile && !stop();
      if (wanted) say(`profiling '${one.name}'`);
      measured.push(await describe(one, wanted ? { warmUp } : undefined));
    }
    return {
      programs: measured,
      dataMs: median(dataTimes),
      stepMs,
      imagesPerSecond: (1000 * batchSize) / stepMs,
      batchSize,
      steps: stepTimes.length,
      compileSeconds,
    };
  } finally {
    await Promise.allSettled(opened.map((one) => one.dispose()));
  }
}

/** A program while it is measured. */
interface Part {
  readonly name: string;
  readonly backend: string;
  /** What its backend compiled; nothing for a model from a file. */
  readonly kept: readonly Executable[];
  readonly times: number[];
}

const partOf = (name: string, { id }: ComputeBackend, kept: readonly Executable[]): Part => ({
  name,
  backend: id,
  kept,
  times: [],
});

/** The same place, whose executables are asked for a profile later. */
function watched(
  { backend, ...how }: Placement,
  { kept, profile }: { kept: Executable[]; profile: boolean },
): Placement {
  const compileWatched: ComputeBackend['compile'] = async (program, options) => {
    const executable = await backend.compile(program, { ...options, profile });
    kept.push(executable);
    return executable;
  };
  return { ...how, backend: { ...backend, compile: compileWatched } };
}

const timed = (source: FeatureSource, part: Part): FeatureSource & { readonly part: Part } => ({
  part,
  async features(batch) {
    const begun = performance.now();
    const features = await source.features(batch);
    part.times.push(performance.now() - begun);
    return features;
  },
  dispose: () => source.dispose(),
});

/** Makes the last so many times, one for each batch of a step, one; returns it. */
function joinLast(times: number[], batches: number): number {
  const sum = times.splice(-batches).reduce((all, one) => all + one, 0);
  times.push(sum);
  return sum;
}

/** @param wanted how a profile is asked for; undefined where none is */
async function describe(part: Part, wanted: ProfileOptions | undefined): Promise<MeasuredProgram> {
  const { name, backend, times } = part;
  return { name, backend, ms: median(times), ...(wanted === undefined ? {} : await profileOf(part, wanted)) };
}

async function profileOf(
  { name, backend, kept }: Part,
  options: ProfileOptions,
): Promise<Pick<MeasuredProgram, 'profile' | 'noProfile'>> {
  const executable = kept.at(-1);
  if (executable?.profile === undefined) {
    const why = executable === undefined ? 'it is a file' : `the backend '${backend}' does not tell them`;
    return { noProfile: { reason: `there are no times of the operations of '${name}': ${why}` } };
  }
  try {
    return { profile: await executable.profile(options) };
  } catch (error) {
    if (!isLimbeckError(error)) throw error;
    const { message: reason, hint } = error;
    return { noProfile: { reason, hint } };
  }
}
