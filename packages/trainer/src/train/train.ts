import { isLimbeckError, LimbeckError } from '@limbeck/core';
import type { LiveTeacher } from '../execute/live-teacher.js';
import type { RunTeacher } from '../execute/open-teacher.js';
import { formatsOf } from '../run/choices.js';
import type { Attention } from '../run/control.js';
import type { RunListener } from '../run/events.js';
import { type Progress, startOfRun } from '../run/progress.js';
import type { RunResult } from '../run/run-result.js';
import type { RunSpec } from '../run/run-spec.js';
import { recorder } from '../store/recorder.js';
import { RunFolder, type RunRecord } from '../store/run-folder.js';
import { examineTeacher } from './examine.js';
import { measureFidelity } from './fidelity.js';
import { finish } from './finish.js';
import { Machines } from './machines.js';
import { type PreparedRun, parameterCount, prepareRun } from './prepare.js';
import { type Beginning, resumeFrom } from './resume.js';
import { Session } from './session.js';

/** Where a run is written, and who follows it. */
export interface TrainOptions {
  /** The run's folder: new, or with `resume` that of a run which was stopped. */
  readonly folder: string;
  readonly resume?: boolean;
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
  const { resume = false, onEvent = () => undefined, stop = () => false } = options;
  const run = prepareRun(spec);
  const record = options.record ?? { config: run.identity, environment: {} };
  const folder = resume ? RunFolder.reopen(options.folder) : RunFolder.create(options.folder, record);
  const emit = recorder(folder, onEvent);
  const status = { begun: resume };
  try {
    emit(startEvent(run, folder));
    for (const warning of run.warnings) emit({ type: 'warning', ...warning });
    const beginning = resume ? resumeFrom(folder, run, { record, emit }) : freshStart(run);
    const result = await work({ run, folder, beginning, emit, stop, status });
    folder.close();
    return result;
  } catch (error) {
    if (status.begun) closeAfter(error, folder);
    else folder.discard();
    throw error;
  }
}

const freshStart = (run: PreparedRun): Beginning => ({
  progress: startOfRun(),
  state: run.stateOf(run.phases[0]!),
});

/** From compiled programs to the result. */
async function work({
  run,
  folder,
  beginning: { progress, state },
  emit,
  stop,
  status,
}: {
  run: PreparedRun;
  folder: RunFolder;
  beginning: Beginning;
  emit: RunListener;
  stop: () => boolean;
  /** `begun` is set once there is something to lose. */
  status: { begun: boolean };
}): Promise<RunResult> {
  const phase = run.phases[progress.phase]!;
  const machines = await Machines.open(run, { phase, state, progress }, { emit, stop });
  try {
    const session = new Session({ run, machines, folder, progress, emit, stop });
    try {
      for (const { teacher, live } of machines.teachers) {
        await getToKnow(run, teacher, live, { progress, emit, stop });
      }
      await machines.askTeachers({ emit, stop });
      await machines.fillCaches();
      status.begun = true;
      await session.train();
    } catch (error) {
      if (!isLimbeckError(error) || error.code !== 'INTERRUPTED') throw error;
      status.begun = true;
      throw await interrupted(session, folder, emit);
    }
    progress.seconds = session.pace.seconds;
    const result = await finish(run, machines, { folder, progress });
    const { epochs, last, best, deployed, files, seconds } = result;
    const cost = deployed === undefined ? {} : { deployed };
    emit({ type: 'finish', folder: folder.path, epochs, last, best, ...cost, files, seconds });
    return result;
  } finally {
    await machines.dispose();
  }
}

/** Measures a teacher, where a session before this one has not. */
async function getToKnow(
  run: PreparedRun,
  teacher: RunTeacher,
  live: LiveTeacher | undefined,
  { progress, ...attention }: Attention & { readonly progress: Progress },
): Promise<void> {
  const { name } = teacher.planned;
  progress.teachers[name] ??= {};
  const known = progress.teachers[name];
  if (live !== undefined && teacher.spec.placement.precision === 'int8') {
    known.fidelity ??= await measureFidelity(run, teacher, live, attention);
  }
  known.metrics ??= await examineTeacher(run, teacher, live, attention);
}

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

function startEvent({ spec, plan, teachers, source }: PreparedRun, folder: RunFolder) {
  const { student, data, placement } = spec;
  const variables = [...plan.variables.values()];
  return {
    type: 'start',
    folder: folder.path,
    student: {
      id: student.backbone.id,
      parameters: parameterCount(variables.filter(({ owner }) => owner === 'student')),
    },
    teachers: teachers.map(({ spec: teaching, planned: { name, model } }) => ({
      name,
      id: model.id,
      parameters:
        'foreign' in teaching ? teaching.foreign.parameters : parameterCount(model.variables.values()),
      backend: teaching.placement.backend.id,
    })),
    epochs: spec.epochs,
    ...(plan.initial.length === 0
      ? {}
      : {
          initial: plan.initial.map(({ place, epochs, weights }) => ({
            phase: place,
            epochs,
            weights: Object.fromEntries(weights),
          })),
        }),
    stepsPerEpoch: source.batchesPerEpoch,
    batchSize: data.batchSize,
    seed: spec.seed,
    weights: Object.fromEntries(plan.weights),
    metrics: formatsOf(spec.metrics),
    backend: placement.backend.id,
  } as const;
}
