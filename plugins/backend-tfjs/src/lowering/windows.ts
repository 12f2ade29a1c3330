import { type TensorflowAttribute, type TensorflowType, tfAttr } from '@limbeck/formats';
import {
  type Padding,
  type Pair,
  type PoolAttributes,
  type TensorData,
  tensorData,
  windowCounts,
} from '@limbeck/graph';
import type { GraphBuilder } from './graph-builder.js';

/** The attributes of an operator over windows of maps [N, H, W, C], one number for each axis. */
export const overMaps = (name: string, [rows, columns]: Pair) => ({
  [name]: tfAttr.ints([1, rows, columns, 1]),
});

export const noPadding = (padding: Padding): boolean => padding.every((n) => n === 0);

/** Rows and columns before and after, for each axis of [N, H, W, C]. */
export const paddingPairs = ([top, left, bottom, right]: Padding): number[] => [
  0,
  0,
  top,
  bottom,
  left,
  right,
  0,
  0,
];

/** True where TensorFlow's own rule, which pads evenly at stride 1 alone, gives the padding wanted. */
export const isSame = (padding: Padding, kernel: Pair, strides: Pair, dilation: Pair): boolean =>
  ([0, 1] as const).every((axis) => {
    const reach = (kernel[axis] - 1) * dilation[axis];
    return strides[axis] === 1 && padding[axis] === padding[axis + 2] && padding[axis] * 2 === reach;
  });

/** How a convolution is padded. */
export function paddingAttributes(
  padding: Padding,
  kernel: Pair,
  strides: Pair,
  dilation: Pair,
): Record<string, TensorflowAttribute> {
  if (noPadding(padding)) return { padding: tfAttr.string('VALID') };
  if (isSame(padding, kernel, strides, dilation)) return { padding: tfAttr.string('SAME') };
  return { padding: tfAttr.string('EXPLICIT'), explicit_paddings: tfAttr.ints(paddingPairs(padding)) };
}

/**
 * Average pools of TensorFlow divide by the whole window, padding included: what puts results right, position by position.
 *
 * @param size of the map
 * @returns [rows, columns, 1]
 */
export function windowFactors([rows, columns]: Pair, size: Pair, attributes: PoolAttributes): TensorData {
  const window = attributes.kernel[0] * attributes.kernel[1];
  const across = windowCounts(1, columns, size[1], attributes);
  const factors = windowCounts(0, rows, size[0], attributes).flatMap((down) =>
    across.map((count) => window / (down * count)),
  );
  return tensorData('float32', [rows, columns, 1], Float32Array.from(factors));
}

/** A value with zeros around it: before and after, axis by axis. */
export const padded = (
  graph: GraphBuilder,
  type: TensorflowType,
  value: string,
  pairs: readonly number[],
): string => {
  const paddings = graph.constant({
    dtype: 'int32',
    shape: [pairs.length / 2, 2],
    data: Int32Array.from(pairs),
  });
  return graph.typed('Pad', type, [value, paddings], { Tpaddings: tfAttr.type('int32') });
};

/** A map without the padding. */
export function cropped(
  graph: GraphBuilder,
  type: TensorflowType,
  value: string,
  [n, c, h, w]: readonly number[],
  padding: Padding,
): string {
  if (noPadding(padding)) return value;
  const begin = graph.ints([0, padding[0], padding[1], 0]);
  return graph.typed('Slice', type, [value, begin, graph.ints([n!, h!, w!, c!])], {
    Index: tfAttr.type('int32'),
  });
}
