import { sizeOf } from '@limbeck/graph';
import { type TracedDeployment, traceDeployed } from '../programs/deployed.js';
import type { ModelsSpec } from '../run/run-spec.js';
import { countMacs } from './macs.js';

/** How many trained values a deployed model keeps, the teacher's frozen ones among them. */
export interface DeployedSize {
  readonly parameters: number;
  /** The same by whose they are: the first part of their names, such as `student`, `distiller`, `teacher`. */
  readonly owners: Readonly<Record<string, number>>;
}

/** What a deployed model is made of. */
export interface DeployedSummary extends DeployedSize {
  /** Multiply-accumulates for one image. */
  readonly macs: number;
}

/** Describes what a run deploys: its student, or whatever else its distillers predict with. */
export function summarizeDeployed(spec: ModelsSpec): DeployedSummary {
  const traced = traceDeployed(spec, 1);
  return { ...sizeOfDeployed(traced), macs: countMacs(traced.program) };
}

/** Counts the values of a deployed model. */
export function sizeOfDeployed({ program, variables }: TracedDeployment): DeployedSize {
  const owners: Record<string, number> = {};
  for (const { name, current } of program.state) {
    if (variables.get(name)?.kind !== 'parameter') continue;
    const owner = name.split('.')[0]!;
    owners[owner] = (owners[owner] ?? 0) + sizeOf(current.shape);
  }
  return { parameters: Object.values(owners).reduce((sum, size) => sum + size, 0), owners };
}
