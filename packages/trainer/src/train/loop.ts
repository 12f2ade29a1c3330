import { isLimbeckError, LimbeckError } from '@limbeck/core';
import type { RunListener } from '../run/events.js';
import { startOfRun } from '../run/progress.js';
import type { RunResult } from '../run/run-result.js';
import type { RunSpec } from '../run/run-spec.js';
import { recorder } from '../store/recorder.js';
import { RunFolder, type RunRecord } from '../store/run-folder.js';
import { CompiledRun } from './compiled-run.js';
import { finish } from './finish.js';
import { measureTeacher } from './measure-teacher.js';
import { type PreparedRun, prepareRun } from './prepare.js';
import { recordEvaluation } from './record-evaluation.js';
import { type Beginning, resumeFrom } from './resume.js';
import { Session } from './session.js';
import { startEvent } from './start-event.js';

/** Where a run is written, and who follows it. */
export interface TrainOptions {
  /** The run's folder: new, or with `resume` that of a run which was stopped. */
  readonly folder: string;
  readonly resume?: boolean;
  /** With `resume`: the run may have finished, and goes on for the epochs that the specification says. */
  readonly extend?: boolean;
  /** What `config.json` and `environment.json` shall hold. Default: what the specification itself tells. */
  readonly record?: RunRecord;
  readonly onEvent?: RunListener;
  /** Asked after every step and batch; true ends the run with a checkpoint. */
  readonly stop?: () => boolean;
}

/**
 * Trains a student, distilled or alone, in a folder of its own. The same specification gives the same bits on one
 * machine and backend, however often the run is stopped and resumed.
 *
 * @throws LimbeckError before anything is written where parts, data and weights do not fit; ALREADY_EXISTS, WRITE_FAILED
 * (checkpoints stay), NON_FINITE, CHECKPOINT_CORRUPT; INTERRUPTED after `stop`, with the run saved
 */
export async function train(spec: RunSpec, options: TrainOptions): Promise<RunResult> {
  const { resume = false, extend = false, onEvent = () => undefined, stop = () => false } = options;
  // prepare: check and plan everything; nothing is written or compiled
  const run = prepareRun(spec);
  const record = options.record ?? { config: run.identity, environment: {} };
  const folder = resume
    ? RunFolder.reopen(options.folder, { finished: extend })
    : RunFolder.create(options.folder, record);
  const emit = recorder(folder, onEvent);
  // a folder in which nothing has begun is removed again after an error
  const status = { begun: resume };
  try {
    emit(startEvent(run, folder.path));
    for (const note of run.loaded) emit({ type: 'weights', ...note });
    for (const warning of run.warnings) emit({ type: 'warning', ...warning });
    spec.data.dataset.loading?.onSkip(({ name, reason }) => {
      emit({ type: 'warning', code: 'BAD_DATA', message: `left out: ${name}: ${reason}` });
    });
    const beginning = resume ? resumeFrom(folder, run, { record, emit }) : freshStart(run);
    const result = await trainFrom(beginning, { run, folder, emit, stop, status });
    folder.close();
    return result;
  } catch (error) {
    if (status.begun) closeAfter(error, folder);
    else folder.discard();
    throw error;
  }
}

/** What a run works with; `begun` is set once there is something to lose. */
interface Work {
  readonly run: PreparedRun;
  readonly folder: RunFolder;
  readonly emit: RunListener;
  readonly stop: () => boolean;
  readonly status: { begun: boolean };
}

/** Opens everything that computes, looks at the teachers, trains, and writes the result. */
async function trainFrom({ progress, state }: Beginning, work: Work): Promise<RunResult> {
  const { run, folder, emit, stop, status } = work;
  const control = { emit, stop };
  const phase = run.phases[progress.phase]!;
  const compiled = await CompiledRun.open(run, { phase, state, progress }, control);
  try {
    const session = new Session({ run, compiled, folder, progress, emit, stop });
    try {
      for (const working of compiled.teachers) await measureTeacher(run, working, progress, control);
      await compiled.askTeachers(control);
      await compiled.prepare(progress, control);
      await compiled.fillCaches();
      status.begun = true;
      await trainPhases(session);
    } catch (error) {
      if (!isLimbeckError(error) || error.code !== 'INTERRUPTED') throw error;
      status.begun = true;
      throw await interrupted(session, folder, emit);
    }
    progress.seconds = session.pace.seconds;
    const result = await finish(run, compiled, { folder, progress, emit });
    session.prune();
    const { epochs, last, best, exported, deployed, int8, files, seconds } = result;
    emit({
      type: 'finish',
      folder: folder.path,
      epochs,
      last,
      best,
      exported,
      deployed,
      int8,
      files,
      seconds,
    });
    return result;
  } finally {
    await compiled.dispose();
  }
}

/** Every phase, epoch by epoch, step by step, from where the session stands. */
async function trainPhases(session: Session): Promise<void> {
  const { run, progress, pace, stepsPerEpoch } = session;
  const { evaluate, checkpoint } = run.spec;
  session.announcePhase();
  while (!session.isDone) {
    if (progress.epoch >= session.phase.epochs) await session.enterNextPhase();
    pace.beginEpoch();
    while (progress.stepInEpoch < stepsPerEpoch) {
      await session.step();
      const isWithin = progress.stepInEpoch < stepsPerEpoch;
      if (isWithin && isMultiple(progress.stepInEpoch, checkpoint.everySteps)) await session.checkpoint();
      if (session.stop()) throw new LimbeckError('INTERRUPTED', 'the run was interrupted');
    }
    const epoch = progress.epoch + 1;
    const isLast = epoch === session.phase.epochs;
    const isEvaluated = session.isMain && (isLast || isMultiple(epoch, evaluate.every));
    const { test, train } = isEvaluated ? await session.evaluate(epoch) : {};
    const best = test === undefined ? undefined : recordEvaluation(progress, test, run.spec);
    session.endEpoch({ test, train, best });
    const isSaved = isMultiple(epoch, checkpoint.everyEpochs) || (best && checkpoint.keep.best);
    if (isSaved || isLast || session.isDone) await session.checkpoint({ best });
  }
}

/** False where there is no interval. */
const isMultiple = (count: number, interval = 0): boolean => interval > 0 && count % interval === 0;

const freshStart = (run: PreparedRun): Beginning => ({
  progress: startOfRun(),
  state: run.stateOf(run.phases[0]!),
});

async function interrupted(session: Session, folder: RunFolder, emit: RunListener): Promise<LimbeckError> {
  const checkpoint = await session.checkpoint();
  const { step } = session.progress;
  emit({ type: 'interrupted', step, checkpoint });
  return new LimbeckError('INTERRUPTED', `interrupted after step ${step}; saved ${checkpoint}`, {
    hint: `go on with --resume ${folder.path}`,
    details: { folder: folder.path, step, checkpoint },
  });
}

/** The log says how it ended, unless the disk is why. */
function closeAfter(error: unknown, folder: RunFolder): void {
  try {
    const code = isLimbeckError(error) ? error.code : 'unexpected';
    folder.log.append(`${new Date().toISOString()} error ${code}: ${(error as Error).message}`);
  } catch {
    // the error itself is on its way
  }
  folder.close();
}
