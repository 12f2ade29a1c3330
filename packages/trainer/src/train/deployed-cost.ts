import type { Program, StateDict } from '@limbeck/graph';
import { initialState } from '@limbeck/nn';
import { frozen } from '../execute/compile.js';
import { latencyOf } from '../inspect/latency.js';
import { sizeOfDeployed } from '../inspect/summarize-deployed.js';
import { plainStudent, traceDeployed } from '../programs/deployed.js';
import { studentPrefix } from '../programs/trace-step.js';
import type { DeployedCost } from '../run/facts.js';
import type { PreparedRun } from './prepare.js';

/**
 * Measures what a distiller's own way of predicting costs.
 *
 * @param state of the run, by state name
 * @returns undefined where the student is deployed alone
 */
export async function measureDeployed(run: PreparedRun, state: StateDict): Promise<DeployedCost | undefined> {
  const { spec } = run;
  const whole = traceDeployed(spec, 1);
  const { parameters, owners } = sizeOfDeployed(whole);
  if (isAlone(owners)) return undefined;
  const plain = traceDeployed(plainStudent(spec), 1);
  // what the run never trained, such as an unused classifier, takes as long with any weights
  const drawn = initialState([...plain.variables.values()], spec.seed);
  const msOf = async (program: Program, values: StateDict) =>
    (await latencyOf(frozen(program, values), spec.placement)).medianMs;
  return {
    parameters,
    owners,
    latencyMs: await msOf(whole.program, state),
    plain: {
      parameters: sizeOfDeployed(plain).parameters,
      latencyMs: await msOf(plain.program, new Map([...drawn, ...state])),
    },
  };
}

const isAlone = (owners: DeployedCost['owners']): boolean =>
  Object.keys(owners).every((owner) => owner === studentPrefix);
