import type { PoolAttributes } from '@limbeck/graph';
import type { LoweringContext } from './lowering.js';
import type { ModelBuilder } from './model-builder.js';
import { windows } from './windows.js';

/** Smaller than any other float32: what padding holds, so that it is never the largest. */
const lowest = -3.4028234663852886e38;

/**
 * The gradient of maximum pooling by comparisons alone, for devices that do not tell where the maxima lie. Each place of
 * the window is a map of its own: where it equals the maximum and no place before it did, it takes dy.
 */
export function maxPoolGradientByComparison(
  [dy, x]: readonly string[],
  { model, node, attributes }: LoweringContext<PoolAttributes>,
): string {
  const { kernel, strides, padding } = attributes;
  const [h, w] = node.shape.slice(2) as [number, number];
  const [n, c, oh, ow] = node.inputs[0]!.shape as [number, number, number, number];
  const [top, left] = padding;
  // rows and columns that all places together reach, and at least those of the map
  const height = Math.max(kernel[0] - 1 + oh * strides[0], top + h);
  const width = Math.max(kernel[1] - 1 + ow * strides[1], left + w);
  const behind = [height - top - h, width - left - w];
  const wide = model.emit('Pad', [x!, model.int64([0, 0, top, left, 0, 0, ...behind]), model.scalar(lowest)]);
  const largest = model.emit('MaxPool', [x!], windows(attributes));
  const zero = model.scalar(0);
  // 1 where no place was the largest so far
  let free = model.scalar(1);
  let total: string | undefined;
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const ends = [i + (oh - 1) * strides[0] + 1, j + (ow - 1) * strides[1] + 1];
      const place = model.slice(wide, [2, 3], [i, j], ends, strides);
      const taken = model.emit('Where', [model.emit('Equal', [place, largest]), free, zero]);
      free = model.emit('Sub', [free, taken]);
      const part = model.emit('Where', [model.emit('Greater', [taken, zero]), dy!, zero]);
      const apart = spread(model, part, [n, c, oh, ow], strides);
      const rest = [height - i - oh * strides[0], width - j - ow * strides[1]];
      const placed = model.emit('Pad', [apart, model.int64([0, 0, i, j, 0, 0, ...rest])]);
      total = total === undefined ? placed : model.emit('Add', [total, placed]);
    }
  }
  return model.slice(total!, [2, 3], [top, left], [top + h, left + w]);
}

/** Zeros behind every element of a map, so that it lies as far apart as windows do: [N, C, H, W] -> [N, C, sH, sW]. */
function spread(
  model: ModelBuilder,
  map: string,
  [n, c, h, w]: readonly [number, number, number, number],
  [sh, sw]: readonly [number, number],
): string {
  if (sh === 1 && sw === 1) return map;
  const apart = model.reshape(map, [n, c, h, 1, w, 1]);
  const pads = [0, 0, 0, 0, 0, 0, 0, 0, 0, sh - 1, 0, sw - 1];
  return model.reshape(model.emit('Pad', [apart, model.int64(pads)]), [n, c, h * sh, w * sw]);
}
