import type { Executable } from '@limbeck/core/backend';
import type { Program } from '@limbeck/graph';
import { measureLatency, type Placement } from '@limbeck/trainer';

/** Rounds over all models: long enough apart that what else the machine does hits all alike, or none in one of them. */
const rounds = 10;
const perRound = { runs: 20, warmUp: 3 };

/**
 * Milliseconds of several programs, comparable with each other: they take turns, and of each the quietest round's median
 * counts.
 *
 * @param check called between rounds; throws to stop
 */
export async function latenciesOf(
  programs: readonly Program[],
  { backend, ...how }: Placement,
  check: () => void,
): Promise<number[]> {
  const executables: Executable[] = [];
  try {
    for (const program of programs) {
      check();
      executables.push(await backend.compile(program, how));
    }
    const best = programs.map(() => Number.POSITIVE_INFINITY);
    for (let round = 0; round < rounds; round++) {
      check();
      for (const [i, executable] of executables.entries()) {
        const { medianMs } = await measureLatency(executable, perRound);
        best[i] = Math.min(best[i]!, medianMs);
      }
    }
    return best;
  } finally {
    for (const executable of executables) await executable.dispose();
  }
}
