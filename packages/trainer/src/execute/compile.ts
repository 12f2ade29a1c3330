import type { Calibration, Executable } from '@limbeck/core/backend';
import { bindState, nodesOf, type Program, type StateDict } from '@limbeck/graph';
import { stateFor } from '../programs/state.js';
import type { Placement } from '../run/choices.js';
import type { RunListener } from '../run/events.js';

/** Compiles a program where it belongs and says so. */
export async function compile(
  program: Program,
  { backend, ...options }: Placement,
  { emit, ...more }: { emit: RunListener; state?: StateDict; calibration?: Calibration },
): Promise<Executable> {
  const executable = await backend.compile(program, { ...options, ...more });
  const { compileSeconds: seconds } = executable;
  emit({ type: 'compiled', program: program.name, seconds, nodes: nodesOf(program).length });
  return executable;
}

/** A program with its weights as constants. */
export const frozen = (program: Program, state: StateDict): Program =>
  bindState(program, stateFor(program, state));
