import type { CompileOptions, ComputeBackend, Executable, Feeds, Fetches } from '@limbeck/core/backend';
import { type Program, type TensorData, tensorData } from '@limbeck/graph';

/** A copy of a map of tensors with other values. */
const mapValues = (of: Fetches, change: (value: number, name: string) => number): Fetches =>
  Object.fromEntries(
    Object.entries(of).map(([name, { dtype, shape, data }]): [string, TensorData] => [
      name,
      tensorData(
        dtype,
        shape,
        Float32Array.from(data as Float32Array, (value) => change(value, name)) as never,
      ),
    ]),
  );

/**
 * A backend with an `int8` of its own: each output is rounded to a number of levels over the largest
 * value seen in calibration.
 *
 * @param backend computes in float32
 * @param calibrated hears of the batches a program is calibrated with
 */
export function roundingBackend(
  backend: ComputeBackend,
  levels: number,
  calibrated: (batches: readonly Feeds[]) => void = () => undefined,
): ComputeBackend {
  const compile = async (program: Program, options: CompileOptions = {}): Promise<Executable> => {
    const { precision, calibration, ...others } = options;
    const executable = await backend.compile(program, others);
    if (precision !== 'int8') return executable;
    const largest = new Map<string, number>();
    const batches = [...calibration!.batches];
    calibrated(batches);
    for (const batch of batches) {
      mapValues(await executable.step(batch), (value, name) => {
        largest.set(name, Math.max(largest.get(name) ?? 0, Math.abs(value)));
        return value;
      });
    }
    const step = async (inputs: Feeds) =>
      mapValues(await executable.step(inputs), (value, name) => {
        const size = largest.get(name)! / levels;
        return Math.round(value / size) * size;
      });
    return { ...executable, step };
  };
  return { ...backend, id: 'rounding', compile };
}
