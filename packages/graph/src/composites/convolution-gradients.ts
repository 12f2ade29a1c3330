import { composite } from '../operation.js';
import { reverse } from '../ops/concat.js';
import { type Conv2dAttributes, conv2dOperation, type Pair } from '../ops/conv2d.js';
import { reshape, transpose } from '../ops/shape.js';
import { slice } from '../ops/slice.js';
import type { Sample } from '../samples.js';
import type { Tensor } from '../tensor.js';

/** Attributes of the gradient of a convolution with respect to its input. */
export type Conv2dInputGradientAttributes = Conv2dAttributes & {
  /** Height and width of the input. */
  readonly size: Pair;
};

/** Attributes of the gradient of a convolution with respect to its weight. */
export type Conv2dWeightGradientAttributes = Conv2dAttributes & {
  /** Height and width of the kernel. */
  readonly kernel: Pair;
};

const attributes: Conv2dAttributes = {
  strides: [1, 1],
  padding: [1, 1, 1, 1],
  dilation: [1, 1],
  inputDilation: [1, 1],
  groups: 1,
};

const inputSamples: readonly Sample<Conv2dInputGradientAttributes>[] = [
  { inputs: [{ shape: [2, 4, 5, 5] }, { shape: [4, 3, 3, 3] }], attributes: { ...attributes, size: [5, 5] } },
  {
    inputs: [{ shape: [2, 4, 3, 3] }, { shape: [4, 3, 3, 3] }],
    attributes: { ...attributes, strides: [2, 2], size: [6, 6] },
  },
  {
    inputs: [{ shape: [2, 6, 3, 3] }, { shape: [6, 4, 1, 1] }],
    attributes: { ...attributes, strides: [2, 2], padding: [0, 0, 0, 0], size: [6, 6] },
  },
  {
    inputs: [{ shape: [1, 4, 3, 3] }, { shape: [4, 2, 3, 3] }],
    attributes: { ...attributes, strides: [2, 2], groups: 2, size: [5, 5] },
  },
];

const weightSamples: readonly Sample<Conv2dWeightGradientAttributes>[] = [
  {
    inputs: [{ shape: [2, 3, 5, 5] }, { shape: [2, 4, 5, 5] }],
    attributes: { ...attributes, kernel: [3, 3] },
  },
  {
    inputs: [{ shape: [2, 3, 6, 6] }, { shape: [2, 4, 3, 3] }],
    attributes: { ...attributes, strides: [2, 2], kernel: [3, 3] },
  },
  {
    inputs: [{ shape: [2, 4, 6, 6] }, { shape: [2, 6, 3, 3] }],
    attributes: { ...attributes, strides: [2, 2], padding: [0, 0, 0, 0], kernel: [1, 1] },
  },
  {
    inputs: [{ shape: [2, 4, 5, 5] }, { shape: [2, 4, 3, 3] }],
    attributes: { ...attributes, strides: [2, 2], groups: 2, kernel: [3, 3] },
  },
];

/**
 * Gradient of a convolution for its input: dy [N, O, oH, oW], weight [O, C / groups, kH, kW] -> [N, C, H, W].
 * A convolution of dy, its elements `strides` apart, with the flipped weights.
 */
export const conv2dInputGradient = composite<
  'conv2dInputGradient',
  [dy: Tensor, weight: Tensor],
  Conv2dInputGradientAttributes
>(
  'conv2dInputGradient',
  (dy, weight, { strides, padding, dilation, inputDilation, groups, size }): Tensor => {
    const [o, perGroup, kh, kw] = weight.shape as [number, number, number, number];
    const byGroup = reshape(weight, [groups, o / groups, perGroup, kh, kw]);
    const flipped = reverse(
      reshape(transpose(byGroup, [0, 2, 1, 3, 4]), [groups * perGroup, o / groups, kh, kw]),
      { axes: [2, 3] },
    );
    const sides = ([0, 1] as const).map((axis) => {
      const reach = ((axis === 0 ? kh : kw) - 1) * dilation[axis];
      const spread = (dy.shape[axis + 2]! - 1) * strides[axis] + 1;
      const before = reach - padding[axis];
      const span = (size[axis] - 1) * inputDilation[axis] + 1;
      return { before, after: span - spread + reach - before };
    }) as [{ before: number; after: number }, { before: number; after: number }];
    return conv2dOperation(dy, flipped, {
      strides: inputDilation,
      padding: [sides[0].before, sides[1].before, sides[0].after, sides[1].after],
      dilation,
      inputDilation: strides,
      groups,
    });
  },
  { samples: inputSamples },
);

/**
 * Gradient of a convolution for its weights: x [N, C, H, W], dy [N, O, oH, oW] -> [O, C / groups, kH, kW].
 * A convolution of x with dy as the kernel, batch and channels having changed places.
 */
export const conv2dWeightGradient = composite<
  'conv2dWeightGradient',
  [x: Tensor, dy: Tensor],
  Conv2dWeightGradientAttributes
>(
  'conv2dWeightGradient',
  (x, dy, { strides, padding, dilation, inputDilation, groups, kernel }): Tensor => {
    const [n, c, h, w] = x.shape as [number, number, number, number];
    const byGroup = reshape(x, [n, groups, c / groups, h, w]);
    const images = reshape(transpose(byGroup, [2, 1, 0, 3, 4]), [c / groups, groups * n, h, w]);
    const full = conv2dOperation(images, transpose(dy, [1, 0, 2, 3]), {
      strides: dilation,
      padding,
      dilation: strides,
      inputDilation,
      groups,
    });
    const cropped = slice(slice(full, { axis: 2, end: kernel[0] }), { axis: 3, end: kernel[1] });
    return transpose(cropped, [1, 0, 2, 3]);
  },
  { samples: weightSamples },
);
