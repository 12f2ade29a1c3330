import type { Program, StateDict } from '@limbeck/graph';
import { initialState } from '@limbeck/nn';
import { measureLatency } from '../inspect/latency.js';
import { summarizeDeployed, summarizePlain } from '../inspect/summarize-deployed.js';
import { deployedProgram, plainStudent, traceDeployed } from '../programs/deployed.js';
import { studentPrefix } from '../programs/trace-step.js';
import { frozen } from './compile.js';
import type { PreparedRun } from './prepare.js';

/** What answering one image takes. */
export interface InferenceCost {
  readonly parameters: number;
  /** Median time for one image alone, where the run was computed. */
  readonly latencyMs: number;
}

/** A deployed model that is more than its student, beside the student with its own classifier. */
export interface DeployedCost extends InferenceCost {
  /** Parameters by whose they are: `student`, `distiller`, `teacher`. */
  readonly owners: Readonly<Record<string, number>>;
  readonly plain: InferenceCost;
}

/**
 * Measures what a distiller's own way of predicting costs.
 *
 * @param state of the run, by state name
 * @returns undefined where the student is deployed alone
 */
export async function measureDeployed(run: PreparedRun, state: StateDict): Promise<DeployedCost | undefined> {
  const { students } = run;
  const { parameters, owners } = summarizeDeployed(students);
  if (isAlone(owners)) return undefined;
  const plain = plainStudent(students);
  // what the run never trained, such as an unused classifier, takes as long with any weights
  const drawn = initialState([...traceDeployed(plain, 1).variables.values()], run.spec.seed);
  return {
    parameters,
    owners,
    latencyMs: await latencyOf(run, deployedProgram(students, 1), state),
    plain: {
      parameters: summarizePlain(students).parameters,
      latencyMs: await latencyOf(run, deployedProgram(plain, 1), new Map([...drawn, ...state])),
    },
  };
}

const isAlone = (owners: DeployedCost['owners']): boolean =>
  Object.keys(owners).every((owner) => owner === studentPrefix);

async function latencyOf({ spec }: PreparedRun, program: Program, state: StateDict): Promise<number> {
  const { backend, ...how } = spec.placement;
  const executable = await backend.compile(frozen(program, state), how);
  const { medianMs } = await measureLatency(executable).finally(() => executable.dispose());
  return medianMs;
}
