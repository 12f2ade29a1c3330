import { adaptiveAvgPool, matmul, type Pair, type Tensor, tensorData } from '@limbeck/graph';
import { z } from 'zod';

/** How a map gets the height and width of another. */
export const spatial = z
  .enum(['bilinear', 'pool'])
  .default('bilinear')
  .describe("how maps get the target's height and width: by interpolation, or by averages of windows");

/**
 * The matrix [to, from] that interpolates an axis linearly between the two elements nearest to each place, as PyTorch's
 * `interpolate` does without aligned corners.
 */
function interpolation(x: Tensor, from: number, to: number): Tensor {
  const data = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const place = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const first = Math.min(Math.floor(place), from - 1);
    const second = Math.min(first + 1, from - 1);
    data[i * from + first]! += 1 - (place - first);
    data[i * from + second]! += place - first;
  }
  return x.graph.constant(tensorData('float32', [to, from], data));
}

/** A map [N, C, H, W] with another height and width. */
export function resized(map: Tensor, [height, width]: Pair, how: z.infer<typeof spatial>): Tensor {
  const [, , h, w] = map.shape as [number, number, number, number];
  if (h === height && w === width) return map;
  if (how === 'pool') return adaptiveAvgPool(map, { size: [height, width] });
  const rows = matmul(interpolation(map, h, height), map);
  return matmul(rows, interpolation(map, w, width), { transposeB: true });
}
