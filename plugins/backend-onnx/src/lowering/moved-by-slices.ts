import { attr } from '@limbeck/formats';
import type { Conv2dAttributes, Pair } from '@limbeck/graph';
import type { ModelBuilder } from './model-builder.js';

/**
 * Copies of each channel of x [N, C, H, W], moved as the taps of a kernel see it, by slices: [N, C, taps, positions].
 * Graphics processors copy a map faster than they convolve it.
 *
 * @param place row and column in the kernel of each copy
 * @param size rows and columns of the result
 */
export function movedBySlices(
  model: ModelBuilder,
  x: string,
  place: readonly Pair[],
  size: Pair,
  { strides, padding, dilation }: Pick<Conv2dAttributes, 'strides' | 'padding' | 'dilation'>,
): string {
  const [top, left, bottom, right] = padding;
  const wide =
    Math.max(...padding) > 0
      ? model.emit('Pad', [x, model.int64([0, 0, top, left, 0, 0, bottom, right])])
      : x;
  const copies = place.map(([row, column]) => {
    const starts = [row * dilation[0], column * dilation[1]] as const;
    const ends = [0, 1].map((axis) => starts[axis]! + (size[axis]! - 1) * strides[axis]! + 1);
    const moved = model.slice(wide, [2, 3], starts, ends, strides);
    return model.reshape(moved, [0, 0, 1, size[0] * size[1]]);
  });
  return copies.length === 1 ? copies[0]! : model.emit('Concat', copies, { axis: attr.int(2) });
}
