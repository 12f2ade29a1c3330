import type { Executable, Feeds } from '@limbeck/core/backend';
import { allocate, type Program, type ProgramSignature, sizeOf, tensorData } from '@limbeck/graph';
import { median } from '../analysis/median.js';
import type { Placement } from '../run/choices.js';

/** How often a model runs while its latency is measured. */
export interface LatencyOptions {
  /** Measured runs. Default 50. */
  readonly runs?: number;
  /** Runs before the first that counts. Default 10. */
  readonly warmUp?: number;
}

/** Time a model takes for one image. */
export interface Latency {
  readonly medianMs: number;
  readonly fastestMs: number;
  readonly runs: number;
}

/** Runs a compiled model over and over; compile it for a batch of 1 to have the latency of a single image. */
export async function measureLatency(
  executable: Executable,
  { runs = 50, warmUp = 10 }: LatencyOptions = {},
): Promise<Latency> {
  const feeds = someFeeds(executable.signature);
  const images = executable.signature.inputs[0]?.shape[0] ?? 1;
  const times: number[] = [];
  for (let run = -warmUp; run < runs; run++) {
    const started = performance.now();
    await executable.step(feeds);
    if (run >= 0) times.push((performance.now() - started) / images);
  }
  return { medianMs: median(times), fastestMs: Math.min(...times), runs };
}

/** Compiles a model without state where it belongs, measures it and lets it go. */
export async function latencyOf(program: Program, { backend, ...how }: Placement): Promise<Latency> {
  const executable = await backend.compile(program, how);
  return measureLatency(executable).finally(() => executable.dispose());
}

/** Inputs of ordinary size: zeros could be faster, and denormal numbers slower, than what a model meets. */
function someFeeds({ inputs }: ProgramSignature): Feeds {
  return Object.fromEntries(
    inputs.map((input) => {
      const data = allocate(input.dtype, sizeOf(input.shape));
      if (input.dtype === 'float32') for (let i = 0; i < data.length; i++) data[i] = Math.sin(i);
      return [input.name, tensorData(input.dtype, input.shape, data)];
    }),
  );
}
