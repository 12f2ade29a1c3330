import type { ComputeBackend } from '@limbeck/core/backend';
import { checkRandomProgram, type DifferentialOptions } from '../programs/differential.js';
import { programKinds } from '../programs/random-training.js';
import { drawSteps } from '../programs/steps.js';
import { type CaseDefinition, nonconformance } from './case.js';

const programsOfCase = 10;

/** Random programs with the seeds from 0 on, compared with the reference interpreter: every third has gradients, every third trains. */
export function randomCases(
  backend: ComputeBackend,
  { programs, ...options }: DifferentialOptions & { readonly programs: number },
): CaseDefinition[] {
  return Array.from({ length: Math.ceil(programs / programsOfCase) }, (_, i) => {
    const first = i * programsOfCase;
    const end = Math.min(first + programsOfCase, programs);
    return {
      name: `random/seeds ${first}-${end - 1}`,
      check: async () => {
        for (let seed = first; seed < end; seed++) {
          const { report } = await checkRandomProgram(backend, drawSteps(seed), {
            ...options,
            kind: programKinds[seed % programKinds.length],
          });
          if (report !== undefined) throw nonconformance(`random program ${seed}: ${report}`);
        }
      },
    };
  });
}
