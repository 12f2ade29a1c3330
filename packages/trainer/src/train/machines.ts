import type { Executable } from '@limbeck/core';
import { bindState, nodesOf, type Program, type StateDict } from '@limbeck/graph';
import type { RunListener } from '../events.js';
import { stateFor } from '../programs/state.js';
import type { Placement } from '../run-spec.js';
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
    const open = async (program: Program, placement: Placement, first?: StateDict) => {
      const executable = await compile(program, placement, emit, first);
      opened.push(executable);
      return executable;
    };
    try {
      const teacher =
        spec.teacher && plan.teacher && plan.features.length > 0
          ? await open(frozen(plan.teacher.program(plan.features), teacherState), spec.teacher.placement)
          : undefined;
      const student = await open(plan.program, spec.placement, state);
      const deployed = await open(run.deployed(spec.data.evalBatchSize), spec.placement);
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

/** Compiles a program where it belongs and says so. */
export async function compile(
  program: Program,
  { backend, ...options }: Placement,
  emit: RunListener,
  state?: StateDict,
): Promise<Executable> {
  const executable = await backend.compile(program, { ...options, state });
  const { compileSeconds: seconds } = executable;
  emit({ type: 'compiled', program: program.name, seconds, nodes: nodesOf(program).length });
  return executable;
}

/** A program with its weights as constants. */
export const frozen = (program: Program, state: StateDict): Program =>
  bindState(program, stateFor(program, state));

/** A failure to let go must not hide what went before. */
async function disposeAll(executables: readonly (Executable | undefined)[]): Promise<void> {
  await Promise.allSettled(executables.map((executable) => executable?.dispose()));
}
