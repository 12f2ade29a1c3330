import { sizeOf } from '@limbeck/graph';
import { plainStudent, traceDeployed } from '../programs/deployed.js';
import type { StudentSpec } from '../programs/student.js';
import { countMacs } from './macs.js';

/** What a deployed model is made of. */
export interface DeployedSummary {
  /** Trained values it keeps, the teacher's frozen ones among them. */
  readonly parameters: number;
  /** The same by whose they are: the first part of their names, such as `student`, `distiller`, `teacher`. */
  readonly owners: Readonly<Record<string, number>>;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
}

/** Describes what a run deploys: its student, or whatever else its distillers predict with. */
export function summarizeDeployed(spec: StudentSpec): DeployedSummary {
  const { program, variables } = traceDeployed(spec, 1);
  const owners: Record<string, number> = {};
  for (const { name, current } of program.state) {
    if (variables.get(name)?.kind !== 'parameter') continue;
    const owner = name.split('.')[0]!;
    owners[owner] = (owners[owner] ?? 0) + sizeOf(current.shape);
  }
  const parameters = Object.values(owners).reduce((sum, size) => sum + size, 0);
  return { parameters, owners, macs: countMacs(program) };
}

/** The same of the student alone, with its own classifier. */
export const summarizePlain = (spec: StudentSpec): DeployedSummary => summarizeDeployed(plainStudent(spec));
