import type { TensorData } from '@limbeck/graph';

/** The first value of some tensors that is not finite. */
export interface NotFinite {
  /** The tensor's. */
  readonly name: string;
  /** Its place in the row-major data. */
  readonly index: number;
  /** NaN, Infinity or -Infinity. */
  readonly value: number;
}

/** Index of the first value that is NaN or infinite; -1 where all of them are finite. */
export const indexNotFinite = (values: Float32Array): number =>
  values.findIndex((value) => !Number.isFinite(value));

/** The first float32 tensor with a value that is not finite, in their order; undefined where there is none. */
export function findNotFinite(
  tensors: Iterable<readonly [name: string, tensor: TensorData]>,
): NotFinite | undefined {
  for (const [name, { dtype, data }] of tensors) {
    if (dtype !== 'float32') continue;
    const index = indexNotFinite(data as Float32Array);
    if (index >= 0) return { name, index, value: (data as Float32Array)[index]! };
  }
  return undefined;
}
