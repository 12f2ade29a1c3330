import { conv2dInputGradient, conv2dWeightGradient } from '../composites/convolution-gradients.js';
import { formatShape, sizeOf } from '../dtype.js';
import { GraphError } from '../errors.js';
import { type Gradients, primitive } from '../operation.js';
import type { Tensor } from '../tensor.js';
import { requireFloat, requireRank, requireType } from './reference.js';

/** Height and width. */
export type Pair = readonly [number, number];

/** Rows and columns added: top, left, bottom, right. Negative values crop. */
export type Padding = readonly [number, number, number, number];

/** Attributes of a node of `conv2d`: strides, paddings, dilations and groups. */
export type Conv2dAttributes = {
  readonly strides: Pair;
  readonly padding: Padding;
  /** Distance between neighbouring weights. */
  readonly dilation: Pair;
  /** Distance between neighbouring input elements, zeros between them: what a transposed convolution needs. */
  readonly inputDilation: Pair;
  readonly groups: number;
};

const plain: Conv2dAttributes = {
  strides: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
  inputDilation: [1, 1],
  groups: 1,
};

/** Output height and width of a convolution over a map of `size` with a kernel of `kernel`. */
export function conv2dOutputSize(size: Pair, kernel: Pair, attributes: Conv2dAttributes): [number, number] {
  const along = (axis: 0 | 1) => {
    const span = (size[axis] - 1) * attributes.inputDilation[axis] + 1;
    const padded = span + attributes.padding[axis] + attributes.padding[axis + 2]!;
    return (
      Math.floor((padded - (kernel[axis] - 1) * attributes.dilation[axis] - 1) / attributes.strides[axis]) + 1
    );
  };
  return [along(0), along(1)];
}

/**
 * Every position along one axis where a weight meets an input element on the way to an output element: indices of output,
 * kernel and input, three numbers a meeting.
 */
function meetingsAlong(
  axis: 0 | 1,
  outputSize: number,
  kernelSize: number,
  inputSize: number,
  { strides, padding, dilation, inputDilation }: Conv2dAttributes,
): Int32Array {
  const meetings: number[] = [];
  for (let output = 0; output < outputSize; output++) {
    for (let kernel = 0; kernel < kernelSize; kernel++) {
      const input = (output * strides[axis] + kernel * dilation[axis] - padding[axis]) / inputDilation[axis];
      if (Number.isInteger(input) && input >= 0 && input < inputSize) meetings.push(output, kernel, input);
    }
  }
  return Int32Array.from(meetings);
}

/** The operation behind {@link conv2d}: x [N, C, H, W], weight [O, C / groups, kH, kW]. */
export const conv2dOperation = primitive<'conv2d', [x: Tensor, weight: Tensor], Conv2dAttributes>('conv2d', {
  infer: ([x, weight], attributes, scope) => {
    requireRank('conv2d', 'the input', x!, 4, scope);
    requireRank('conv2d', 'the weight', weight!, 4, scope);
    requireFloat('conv2d', x!, scope);
    requireType('conv2d', 'the weight', weight!, x!.dtype, scope);
    const [n, c, h, w] = x!.shape as [number, number, number, number];
    const [o, perGroup, kh, kw] = weight!.shape as [number, number, number, number];
    const { groups } = attributes;
    if (c !== perGroup * groups || o % groups !== 0) {
      throw new GraphError(
        'GRAPH_SHAPE',
        `conv2d: input ${formatShape(x!.shape)} has ${c} channels, weight ${formatShape(weight!.shape)} with ${groups} group(s) takes ${perGroup * groups}`,
        scope,
      );
    }
    const [oh, ow] = conv2dOutputSize([h, w], [kh, kw], attributes);
    if (oh < 1 || ow < 1) {
      throw new GraphError(
        'GRAPH_SHAPE',
        `conv2d: a ${kh}x${kw} kernel with strides [${attributes.strides.join(', ')}] and padding [${attributes.padding.join(', ')}] leaves nothing of input ${formatShape(x!.shape)}`,
        scope,
      );
    }
    return { shape: [n, o, oh, ow], dtype: x!.dtype };
  },
  grad: (dy, [x, weight], _, attributes): Gradients => [
    conv2dInputGradient(dy, weight!, { ...attributes, size: [x!.shape[2]!, x!.shape[3]!] }),
    conv2dWeightGradient(x!, dy, { ...attributes, kernel: [weight!.shape[2]!, weight!.shape[3]!] }),
  ],
  reference: ([x, weight], attributes, { shape }) => {
    const [, c, h, w] = x!.shape as [number, number, number, number];
    const [, perGroup, kh, kw] = weight!.shape as [number, number, number, number];
    const [n, o, oh, ow] = shape as [number, number, number, number];
    const [inputs, weights, out] = [x!.data, weight!.data, new Float64Array(sizeOf(shape))];
    // found once, so that the inner loops neither divide nor test for borders
    const rows = meetingsAlong(0, oh, kh, h, attributes);
    const columns = meetingsAlong(1, ow, kw, w, attributes);
    for (let image = 0; image < n; image++) {
      for (let to = 0; to < o; to++) {
        const group = Math.floor((to * attributes.groups) / o);
        for (let from = 0; from < perGroup; from++) {
          const channel = (image * c + group * perGroup + from) * h;
          for (let row = 0; row < rows.length; row += 3) {
            const target = ((image * o + to) * oh + rows[row]!) * ow;
            const kernel = ((to * perGroup + from) * kh + rows[row + 1]!) * kw;
            const source = (channel + rows[row + 2]!) * w;
            for (let column = 0; column < columns.length; column += 3) {
              out[target + columns[column]!]! +=
                weights[kernel + columns[column + 1]!]! * inputs[source + columns[column + 2]!]!;
            }
          }
        }
      }
    }
    return out;
  },
  samples: [
    {
      inputs: [{ shape: [2, 3, 5, 6] }, { shape: [4, 3, 3, 3] }],
      attributes: { ...plain, padding: [1, 1, 1, 1] },
    },
    {
      inputs: [{ shape: [2, 3, 6, 6] }, { shape: [4, 3, 3, 3] }],
      attributes: { ...plain, strides: [2, 2], padding: [1, 1, 1, 1] },
    },
    { inputs: [{ shape: [2, 4, 5, 5] }, { shape: [6, 4, 1, 1] }], attributes: { ...plain, strides: [2, 2] } },
    { inputs: [{ shape: [1, 3, 4, 4] }, { shape: [5, 3, 1, 1] }], attributes: plain },
    {
      inputs: [{ shape: [2, 4, 5, 5] }, { shape: [6, 2, 3, 3] }],
      attributes: { ...plain, padding: [1, 1, 1, 1], groups: 2 },
    },
    {
      inputs: [{ shape: [2, 4, 6, 6] }, { shape: [4, 1, 3, 3] }],
      attributes: { ...plain, strides: [2, 2], padding: [1, 1, 1, 1], groups: 4 },
    },
    {
      inputs: [{ shape: [1, 2, 7, 7] }, { shape: [3, 2, 3, 3] }],
      attributes: { ...plain, padding: [2, 2, 2, 2], dilation: [2, 2] },
    },
    {
      inputs: [{ shape: [1, 2, 4, 4] }, { shape: [3, 2, 3, 3] }],
      attributes: { ...plain, padding: [1, 1, 2, 2], inputDilation: [2, 2] },
    },
    {
      inputs: [{ shape: [1, 3, 7, 5] }, { shape: [2, 3, 4, 2] }],
      attributes: { ...plain, strides: [2, 1], padding: [0, 1, 1, 0] },
    },
  ],
});

/** How {@link conv2d} is called; a number stands for both height and width, or for all four sides. */
export interface Conv2dOptions {
  /** Default 1. */
  readonly stride?: number | Pair;
  /** Rows and columns of zeros: all sides, [vertical, horizontal], or [top, left, bottom, right]. Default 0. */
  readonly padding?: number | Pair | Padding;
  /** Default 1. */
  readonly dilation?: number | Pair;
  /** Default 1. */
  readonly groups?: number;
}

/** A number for both axes. */
export const pair = (value: number | Pair): Pair => (typeof value === 'number' ? [value, value] : value);

/** Any way of writing padding as [top, left, bottom, right]. */
export function paddingOf(value: number | Pair | Padding): Padding {
  if (typeof value === 'number') return [value, value, value, value];
  return value.length === 2 ? [value[0], value[1], value[0], value[1]] : value;
}

/** Two-dimensional cross-correlation, as deep learning says convolution: x [N, C, H, W], weight [O, C / groups, kH, kW]. */
export function conv2d(x: Tensor, weight: Tensor, options: Conv2dOptions = {}): Tensor {
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  return conv2dOperation(x, weight, {
    strides: pair(stride),
    padding: paddingOf(padding),
    dilation: pair(dilation),
    inputDilation: [1, 1],
    groups,
  });
}
