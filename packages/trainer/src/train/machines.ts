import type { Executable } from '@limbeck/core';
import type { Program, StateDict } from '@limbeck/graph';
import type { RunListener } from '../events.js';
import { stateFor } from '../programs/state.js';
import { compile } from './compile.js';
import { compileTeacher } from './compile-teacher.js';
import type { PreparedRun } from './prepare.js';

/** The programs of a run, compiled. Whoever opens them disposes of them. */
export class Machines {
  readonly student: Executable;
  /** Computes the features the student's step needs; undefined where it needs none. */
  readonly teacher: Executable | undefined;
  /** The deployed model, for evaluation. */
  readonly deployed: Executable;
  readonly #teacherState: StateDict;

  private constructor(
    { student, teacher, deployed }: Pick<Machines, 'student' | 'teacher' | 'deployed'>,
    teacherState: StateDict,
  ) {
    this.student = student;
    this.teacher = teacher;
    this.deployed = deployed;
    this.#teacherState = teacherState;
  }

  /** @param state the student's training state to begin with */
  static async open(run: PreparedRun, state: StateDict, emit: RunListener): Promise<Machines> {
    const { spec, plan, teacherState } = run;
    const opened: Executable[] = [];
    const open = async (program: Program, first?: StateDict) => {
      const executable = await compile(program, spec.placement, { emit, state: first });
      opened.push(executable);
      return executable;
    };
    try {
      const teacher = await compileTeacher(run, emit);
      if (teacher !== undefined) opened.push(teacher);
      const student = await open(plan.program, state);
      const deployed = await open(run.deployed(spec.data.evalBatchSize));
      return new Machines({ student, teacher, deployed }, teacherState);
    } catch (error) {
      await disposeAll(opened);
      throw error;
    }
  }

  /** Everything known by state name: the student's training state and the teacher's weights. */
  async state(): Promise<StateDict> {
    return new Map([...this.#teacherState, ...(await this.student.readState())]);
  }

  /** Brings the trained weights into the deployed model. */
  async deploy(): Promise<void> {
    await this.deployed.writeState(stateFor(this.deployed.program, await this.state()));
  }

  async dispose(): Promise<void> {
    await disposeAll([this.student, this.teacher, this.deployed]);
  }
}

/** A failure to let go must not hide what went before. */
async function disposeAll(executables: readonly (Executable | undefined)[]): Promise<void> {
  await Promise.allSettled(executables.map((executable) => executable?.dispose()));
}
