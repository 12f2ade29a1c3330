import type { Shape } from '@limbeck/graph';

/** How the values of an image become fewer: `kept` times the mean of as many as there are `positions`. */
interface Pooling {
  readonly kept: number;
  readonly positions: number;
  /** Distance between two values that are averaged, and between the first ones of two means. */
  readonly step: number;
  readonly stride: number;
}

/** Maps [C, H, W] are averaged over positions, tokens [T, D] over tokens; vectors stay as they are. */
function poolingOf([first = 1, ...rest]: Shape): Pooling | undefined {
  const inner = rest.reduce((product, size) => product * size, 1);
  if (rest.length === 2) return { kept: first, positions: inner, step: 1, stride: inner };
  return rest.length === 1 ? { kept: inner, positions: first, step: inner, stride: 1 } : undefined;
}

/** Shape of an image's feature once it is pooled. */
export function pooledShape(shape: Shape): Shape {
  const pooling = poolingOf(shape);
  return pooling === undefined ? shape : [pooling.kept];
}

/**
 * Averages maps over positions and tokens over tokens, in double precision, rounded once.
 *
 * @param values row-major [count, ...shape], perhaps followed by padding
 * @param shape of an image's feature
 * @returns row-major [count, C]; the values themselves where there is nothing to average
 */
export function poolValues(values: Float32Array, shape: Shape, count: number): Float32Array {
  const pooling = poolingOf(shape);
  if (pooling === undefined) return values;
  const { kept, positions, step, stride } = pooling;
  const result = new Float32Array(count * kept);
  for (let i = 0; i < result.length; i++) {
    const start = Math.floor(i / kept) * kept * positions + (i % kept) * stride;
    let sum = 0;
    for (let position = 0; position < positions; position++) sum += values[start + position * step]!;
    result[i] = sum / positions;
  }
  return result;
}
