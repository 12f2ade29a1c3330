import type { Executable } from '@limbeck/core';
import type { Program, StateDict } from '@limbeck/graph';
import type { RunListener } from '../events.js';
import { stateFor } from '../programs/state.js';
import { type FeatureSource, liveFeatures } from '../teachers/feature-source.js';
import type { LiveTeacher } from '../teachers/live-teacher.js';
import { openTeacher, pathsOf, type RunTeacher } from '../teachers/open-teacher.js';
import { compile } from './compile.js';
import type { PreparedRun } from './prepare.js';

/** A teacher at work. */
export interface WorkingTeacher {
  readonly teacher: RunTeacher;
  /** Undefined where the student's step needs nothing of it. */
  readonly live: LiveTeacher | undefined;
}

/** What a run computes with, compiled. Whoever opens it disposes of it. */
export class Machines {
  readonly student: Executable;
  /** In order. */
  readonly teachers: readonly WorkingTeacher[];
  /** What the student's step takes from the teachers. */
  readonly sources: readonly FeatureSource[];
  /** The deployed model, for evaluation. */
  readonly deployed: Executable;
  readonly #teacherState: StateDict;

  private constructor(
    parts: Pick<Machines, 'student' | 'teachers' | 'sources' | 'deployed'>,
    teacherState: StateDict,
  ) {
    this.student = parts.student;
    this.teachers = parts.teachers;
    this.sources = parts.sources;
    this.deployed = parts.deployed;
    this.#teacherState = teacherState;
  }

  /** @param state the student's training state to begin with */
  static async open(run: PreparedRun, state: StateDict, emit: RunListener): Promise<Machines> {
    const { spec, plan, teacherState } = run;
    const opened: Disposable[] = [];
    const kept = <T extends Disposable>(one: T): T => {
      opened.push(one);
      return one;
    };
    const open = async (program: Program, first?: StateDict) =>
      kept(await compile(program, spec.placement, { emit, state: first }));
    try {
      const teachers: WorkingTeacher[] = [];
      const sources: FeatureSource[] = [];
      for (const teacher of run.teachers) {
        const { features } = teacher.planned;
        const isNeeded = features.length > 0;
        const live = isNeeded ? kept(await openTeacher(run, teacher, pathsOf(teacher), { emit })) : undefined;
        teachers.push({ teacher, live });
        if (live !== undefined) sources.push(kept(liveFeatures(live, features)));
      }
      const student = await open(plan.program, state);
      const deployed = await open(run.deployed(spec.data.evalBatchSize));
      return new Machines({ student, teachers, sources, deployed }, teacherState);
    } catch (error) {
      await disposeAll(opened);
      throw error;
    }
  }

  /** Everything known by state name: the student's training state and the teachers' weights. */
  async state(): Promise<StateDict> {
    return new Map([...this.#teacherState, ...(await this.student.readState())]);
  }

  /** Brings the trained weights into the deployed model. */
  async deploy(): Promise<void> {
    await this.deployed.writeState(stateFor(this.deployed.program, await this.state()));
  }

  async dispose(): Promise<void> {
    const live = this.teachers.flatMap((one) => one.live ?? []);
    await disposeAll([this.student, ...this.sources, ...live, this.deployed]);
  }
}

interface Disposable {
  dispose(): Promise<void>;
}

/** A failure to let go must not hide what went before. */
async function disposeAll(parts: readonly Disposable[]): Promise<void> {
  await Promise.allSettled(parts.map((part) => part.dispose()));
}
