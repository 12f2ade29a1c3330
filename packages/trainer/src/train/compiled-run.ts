import type { Executable } from '@limbeck/core/backend';
import { leafName, type StateDict } from '@limbeck/graph';
import { askTeachers, type EvaluatedFeatures } from '../evaluate/ask-teachers.js';
import { compile } from '../execute/compile.js';
import { type FeatureSource, liveFeatures } from '../execute/feature-source.js';
import { openTeacher, pathsOf, type RunTeacher, type WorkingTeacher } from '../execute/open-teacher.js';
import { prepareDistillers } from '../execute/preparation/prepare.js';
import { openStudentStep, type StudentStep } from '../execute/student-step.js';
import { TeacherCache } from '../execute/teacher-cache/teacher-cache.js';
import { stateFor } from '../programs/state.js';
import type { Control } from '../run/control.js';
import type { RunListener } from '../run/events.js';
import type { Progress } from '../run/progress.js';
import { withAverages } from '../run/training-state.js';
import type { RunPhase } from './phases.js';
import type { PreparedRun } from './prepare.js';

/** What a run computes with, compiled. Whoever opens it disposes of it. */
export class CompiledRun {
  /** In order. */
  readonly teachers: readonly WorkingTeacher[];
  /** The deployed model, with the features metrics look at. */
  readonly deployed: Executable;
  readonly #run: PreparedRun;
  readonly #emit: RunListener;
  #step: CompiledStep;
  #evaluated: EvaluatedFeatures = { test: new Map(), train: new Map() };
  /** Values that phases before left, by state name. */
  #carried: StateDict;

  private constructor(
    run: PreparedRun,
    parts: Pick<CompiledRun, 'teachers' | 'deployed'> & { readonly step: CompiledStep },
    { carried, emit }: { carried: StateDict; emit: RunListener },
  ) {
    this.#run = run;
    this.#emit = emit;
    this.teachers = parts.teachers;
    this.deployed = parts.deployed;
    this.#step = parts.step;
    this.#carried = carried;
  }

  /**
   * @param phase the one to begin with
   * @param state the training state to begin with
   * @param progress says what is known of the teachers
   * @throws LimbeckError WRITE_FAILED where a cache has no room
   */
  static async open(
    run: PreparedRun,
    { phase, state, progress }: { phase: RunPhase; state: StateDict; progress: Progress },
    control: Control,
  ): Promise<CompiledRun> {
    const { emit } = control;
    const { spec } = run;
    const opened: Disposable[] = [];
    const kept = <T extends Disposable>(one: T): T => {
      opened.push(one);
      return one;
    };
    try {
      const teachers: WorkingTeacher[] = [];
      for (const teacher of run.teachers) {
        const { features, name } = teacher.planned;
        const open = () => openTeacher(run, teacher, pathsOf(teacher), { emit });
        const cache =
          teacher.cache &&
          new TeacherCache(teacher.cache, { name, spec, imageInputs: run.imageInputs, open }, control);
        const isNeeded = features.length > 0 && !(cache?.isComplete && isKnown(progress, teacher));
        const live = isNeeded ? kept(await open()) : undefined;
        teachers.push({ teacher, live, cache });
      }
      const step = await openStep(run, { phase, state, teachers }, emit);
      opened.push(step.student, ...step.sources);
      const program = run.evaluated(spec.data.evalBatchSize);
      const deployed = kept(await compile(program, spec.placement, { emit }));
      return new CompiledRun(run, { teachers, deployed, step }, { carried: state, emit });
    } catch (error) {
      await disposeAll(opened);
      throw error;
    }
  }

  /** The step of the phase that runs. */
  get student(): StudentStep {
    return this.#step.student;
  }

  /** What that step takes from the teachers. */
  get sources(): readonly FeatureSource[] {
    return this.#step.sources;
  }

  /** Goes on with the next phase's step, which begins with the values this one leaves. */
  async enter(phase: RunPhase): Promise<void> {
    this.#carried = await this.trainingState();
    await disposeAll([this.student, ...this.sources]);
    const state = this.#run.stateOf(phase, this.#carried);
    this.#step = await openStep(this.#run, { phase, state, teachers: this.teachers }, this.#emit);
  }

  /** What a checkpoint holds: the state of the step, and what phases before left for later ones. */
  async trainingState(): Promise<StateDict> {
    const known = this.#run.plan.variables;
    const carried = [...this.#carried].filter(([name]) => known.has(name));
    return new Map([...carried, ...(await this.student.readState())]);
  }

  /** What metrics look at of the teachers, by split, once {@link CompiledRun.askTeachers} has computed it. */
  get evaluated(): EvaluatedFeatures {
    return this.#evaluated;
  }

  /**
   * Computes what metrics look at of the teachers; nothing where none compares with them.
   *
   * @throws LimbeckError INTERRUPTED
   */
  async askTeachers(control: Control): Promise<void> {
    this.#evaluated = await askTeachers(this.#run, this.teachers, control);
  }

  /**
   * Computes what distillers have to know before training, where no session before this one has, and brings it into the
   * training state.
   *
   * @throws LimbeckError INTERRUPTED, NON_FINITE, SHAPE_MISMATCH
   */
  async prepare(progress: Progress, control: Control): Promise<void> {
    if (progress.prepared || this.#run.preparations.length === 0) return;
    const prepared = await prepareDistillers(this.#run, this.teachers, control);
    this.#carried = new Map([...this.#carried, ...prepared]);
    await this.student.replace(prepared);
    progress.prepared = true;
  }

  /**
   * Computes what caches lack; their teachers are not needed any more then.
   *
   * @throws LimbeckError INTERRUPTED, WRITE_FAILED, NON_FINITE
   */
  async fillCaches(): Promise<void> {
    for (const { cache, live } of this.teachers) {
      if (cache === undefined || live === undefined) continue;
      await cache.fill(live);
      await live.dispose();
    }
  }

  /**
   * Everything known by state name: the training state, the teachers' weights, and what no step holds; with averages in
   * place of what they follow, where those are deployed.
   */
  async deployedState(): Promise<StateDict> {
    return this.deployedStateOf(await this.trainingState());
  }

  /** The same for a training state of this run, such as that of a checkpoint. */
  deployedStateOf(training: StateDict): StateDict {
    const { teacherState, untouched } = this.#run;
    const state = new Map([...untouched, ...teacherState, ...training]);
    return this.#run.spec.ema?.deploy === true ? withAverages(state) : state;
  }

  /** Brings the weights into the deployed model. */
  async deploy(): Promise<void> {
    await this.deployed.writeState(stateFor(this.deployed.signature, await this.deployedState()));
  }

  async dispose(): Promise<void> {
    const live = this.teachers.flatMap((one) => one.live ?? []);
    await disposeAll([this.student, ...this.sources, ...live, this.deployed]);
  }
}

/** What one phase computes with. */
interface CompiledStep {
  readonly student: StudentStep;
  readonly sources: readonly FeatureSource[];
}

async function openStep(
  { spec }: PreparedRun,
  {
    phase: { plan },
    state,
    teachers,
  }: { phase: RunPhase; state: StateDict; teachers: readonly WorkingTeacher[] },
  emit: RunListener,
): Promise<CompiledStep> {
  const given = new Set(plan.program.inputs.map(leafName));
  const sources = teachers.flatMap(({ teacher, live, cache }) => {
    const features = teacher.planned.features.filter(({ input }) => given.has(input));
    if (features.length === 0) return [];
    const { name } = teacher.planned;
    if (cache !== undefined) {
      return [{ ...cache.features(features, spec.data.batchSize), teacher: name }];
    }
    return live === undefined ? [] : [{ ...liveFeatures(live, features), teacher: name }];
  });
  const student = await openStudentStep(plan, spec.placement, { emit, state });
  return { student, sources };
}

/** Whether a session before this one has measured a teacher. */
function isKnown({ teachers }: Progress, { spec, planned }: RunTeacher): boolean {
  const known = teachers[planned.name];
  const isFaithful = spec.placement.precision !== 'int8' || known?.fidelity !== undefined;
  return known?.metrics !== undefined && isFaithful;
}

interface Disposable {
  dispose(): Promise<void>;
}

/** A failure to let go must not hide what went before. */
async function disposeAll(parts: readonly Disposable[]): Promise<void> {
  await Promise.allSettled(parts.map((part) => part.dispose()));
}
