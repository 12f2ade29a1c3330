import { boundBackend, targetPlaces } from '@limbeck/golden';
import { composites, primitives } from '@limbeck/graph';
import {
  type ConformanceTarget,
  checkRandomProgram,
  type DifferentialResult,
  type Losses,
  longestProgram,
  operandsOfStep,
  programKinds,
  type Step,
} from '@limbeck/testkit';
import fc from 'fast-check';

const whole = fc.nat(2 ** 31 - 1);

/** Steps of random programs; fast-check makes programs that fail shorter. */
export const programSteps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    operation: fc.noBias(whole),
    sample: fc.noBias(whole),
    dtype: fc.noBias(whole),
    operands: fc.array(fc.noBias(whole), { minLength: operandsOfStep, maxLength: operandsOfStep }),
    seed: fc.noBias(whole),
  }),
  { minLength: 1, maxLength: longestProgram, size: 'max' },
);

/** How random programs went on one backend. */
export interface DifferentialTally {
  /** Programs by how they went; those that fast-check tried to make a failure smaller are not counted. */
  readonly counts: Readonly<Record<DifferentialResult['status'], number>>;
  /** Share of elements on which the reference leaves no choice. */
  readonly settled: number;
  /** The smallest program that differs, and how to get there again. */
  readonly failure?: string;
}

const operations = [...Object.values(primitives), ...Object.values(composites)];

/** What a backend may give numbers for. */
function lossesOf(target: ConformanceTarget): Losses {
  if (target.endsWith('-webgpu')) return 'not-finite';
  return target === 'tfjs-wasm' ? 'nan' : 'nothing';
}

/** Compares random programs on a backend with the reference interpreter, until one differs. */
export async function compareProgramsOn(
  target: ConformanceTarget,
  { programs, seed }: { readonly programs: number; readonly seed: number },
): Promise<DifferentialTally> {
  const backend = boundBackend(targetPlaces[target]);
  const counts = { agreed: 0, refused: 0, differed: 0 };
  let [settled, elements] = [0, 0];
  const property = fc.asyncProperty(fc.constantFrom(...programKinds), programSteps, async (kind, steps) => {
    const result = await checkRandomProgram(backend, steps, { operations, kind, loses: lossesOf(target) });
    if (counts.differed === 0) {
      counts[result.status]++;
      settled += result.settled;
      elements += result.elements;
    }
    if (result.report !== undefined) throw new Error(result.report);
  });
  const details = await fc.check(property, { numRuns: programs, seed });
  const tally = { counts, settled: elements === 0 ? 0 : settled / elements };
  if (!details.failed) return tally;
  const { errorInstance, counterexamplePath } = details;
  const what = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return { ...tally, failure: `${what}\nseed ${details.seed}, path ${counterexamplePath}` };
}
