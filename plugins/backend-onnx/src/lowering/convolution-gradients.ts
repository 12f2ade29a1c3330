import { attr } from '@limbeck/formats';
import {
  type Conv2dAttributes,
  type Conv2dInputGradientAttributes,
  type Conv2dWeightGradientAttributes,
  type Pair,
  sizeOf,
  type Tensor,
  tensorData,
} from '@limbeck/graph';
import { blockedConvolution, canBlock, packFlippedWeight } from './blocked-convolution.js';
import { prepareInput } from './convolution.js';
import {
  canBlockDepthwise,
  depthwiseConvolution,
  depthwiseWeightGradient,
  flippedFilters,
  reachesAllTaps,
} from './depthwise.js';
import type { Claim, Lowering, LoweringContext } from './lowering.js';
import type { ModelBuilder } from './model-builder.js';
import { movedBySlices } from './moved-by-slices.js';

type Quad = readonly [number, number, number, number];

/** Rows and columns to add on each side of dy, so that a convolution of stride 1 gives back the input's size. */
function paddingOfGradient(
  [oh, ow]: readonly [number, number],
  [kh, kw]: readonly [number, number],
  { padding, dilation, size }: Conv2dInputGradientAttributes,
): Quad {
  const along = (axis: 0 | 1, outputs: number, kernel: number): [number, number] => {
    const before = (kernel - 1) * dilation[axis] - padding[axis];
    return [before, size[axis] - outputs + (kernel - 1) * dilation[axis] - before];
  };
  const [rows, columns] = [along(0, oh, kh), along(1, ow, kw)];
  return [rows[0], columns[0], rows[1], columns[1]];
}

const inputGradient: Lowering<Conv2dInputGradientAttributes> = (
  [dy, weight],
  { model, node, attributes },
) => {
  const [, , oh, ow] = node.inputs[0]!.shape as Quad;
  const shape = node.inputs[1]!.shape as Quad;
  const [o, i, kh, kw] = shape;
  const { strides, padding, dilation, groups, size } = attributes;
  const common = { kernel_shape: attr.ints([kh, kw]), dilations: attr.ints(dilation) };
  if (Math.max(...strides) === 1 && groups > 1) {
    const padding = paddingOfGradient([oh, ow], [kh, kw], attributes);
    const plain = { ...attributes, padding, strides: [1, 1] as const };
    const maps = node.inputs[0]!.shape as Quad;
    if (canBlockDepthwise(model, maps, shape, plain)) {
      const flipped = flippedFilters(model, weight!, shape);
      const shapes = { maps, kernel: [kh, kw] as const, result: node.shape };
      return depthwiseConvolution(model, [dy!, flipped], shapes, plain);
    }
  }
  if (Math.max(...strides) > 1 || groups > 1) {
    const left = ([0, 1] as const).map((axis) => {
      const reach = ([kh, kw][axis]! - 1) * dilation[axis] + 1 - padding[axis] - padding[axis + 2]!;
      return size[axis] - reach - strides[axis] * ([oh, ow][axis]! - 1);
    });
    return model.emit('ConvTranspose', [dy!, weight!], {
      ...common,
      strides: attr.ints(strides),
      pads: attr.ints(padding),
      output_padding: attr.ints(left),
      group: attr.int(groups),
    });
  }
  const pads = attr.ints(paddingOfGradient([oh, ow], [kh, kw], attributes));
  const blocks = { inputs: o, outputs: i };
  if (kh * kw > 1 && o >= model.target.channelBlock && canBlock(model, blocks)) {
    const packed = packFlippedWeight(model, weight!, shape);
    return blockedConvolution(model, [dy!, packed], blocks, { ...common, pads });
  }
  const taps = model.transpose(model.reshape(weight!, [o, i, kh * kw]), [2, 1, 0]);
  const backwards = model.int64(Array.from({ length: kh * kw }, (_, tap) => kh * kw - 1 - tap));
  const flipped = model.transpose(model.emit('Gather', [taps, backwards], { axis: attr.int(0) }), [1, 2, 0]);
  return model.emit('Conv', [dy!, model.reshape(flipped, [i, o, kh, kw])], { ...common, pads });
};

const plainPadding = ({ padding, inputDilation }: Conv2dAttributes): boolean =>
  Math.min(...padding) >= 0 && Math.max(...inputDilation) === 1;

/**
 * At stride 1 a convolution with the flipped weights, without the decomposition's walk through reversed slices; at
 * greater strides ConvTranspose, which does not multiply by the zeros in between (three times as fast).
 */
export const conv2dInputGradient: Claim<Conv2dInputGradientAttributes> = {
  lower: inputGradient,
  when: (node, attributes) => {
    const [dy, weight] = node.inputs as [Tensor, Tensor];
    const size = [dy.shape[2]!, dy.shape[3]!] as const;
    const kernel = [weight.shape[2]!, weight.shape[3]!] as const;
    const fits =
      Math.max(...attributes.strides) > 1 ||
      attributes.groups > 1 ||
      Math.min(...paddingOfGradient(size, kernel, attributes)) >= 0;
    return plainPadding(attributes) && fits;
  },
};

/**
 * Copies of each channel, moved as the taps of a kernel see it. On a CPU by a grouped convolution with one-hot weights,
 * which runs on all threads where slices, pads and concatenations run on one.
 *
 * @param place row and column in the kernel of each copy
 * @param size rows and columns of each copy
 */
function shifted(
  model: ModelBuilder,
  x: string,
  channels: number,
  kernel: readonly [number, number],
  place: readonly (readonly [number, number])[],
  size: Pair,
  attributes: Pick<Conv2dAttributes, 'strides' | 'padding' | 'dilation'>,
): string {
  if (!model.target.kernels.movesByConvolution) return movedBySlices(model, x, place, size, attributes);
  const [kh, kw] = kernel;
  const weight = model.cached(`shifted ${channels} ${kernel} ${place}`, () => {
    const data = new Float32Array(channels * place.length * kh * kw);
    for (let copy = 0; copy < channels * place.length; copy++) {
      const [row, column] = place[copy % place.length]!;
      data[(copy * kh + row) * kw + column] = 1;
    }
    return tensorData('float32', [channels * place.length, 1, kh, kw], data);
  });
  const shared = {
    kernel_shape: attr.ints(kernel),
    strides: attr.ints(attributes.strides),
    pads: attr.ints(attributes.padding),
    dilations: attr.ints(attributes.dilation),
    group: attr.int(channels),
  };
  // a strided layer is blocked itself: its input is in blocks already
  const blocks = { inputs: channels, outputs: channels };
  return kh * kw === 1 && canBlock(model, blocks)
    ? blockedConvolution(model, [x, weight], blocks, shared)
    : model.emit('Conv', [x, weight], shared);
}

/** Sum over images and positions of the products of every row of a with every row of b: [N, g, A, L], [N, g, B, L] -> [g, A, B]. */
function sumOfProducts(
  model: ModelBuilder,
  a: string,
  b: string,
  { groups, rows, columns, positions }: { groups: number; rows: number; columns: number; positions: number },
): string {
  const [left, right] = [
    model.reshape(a, [0, groups, rows, positions]),
    model.reshape(b, [0, groups, columns, positions]),
  ];
  // one product over all images has to bring the batch beside the positions first; one product an image leaves a
  // result an image to add up: whichever moves less
  if (groups === 1 && rows * columns > (rows + columns) * positions) {
    const flat = (value: string, n: number) => model.reshape(model.transpose(value, [2, 1, 0, 3]), [n, -1]);
    const product = model.emit('Gemm', [flat(left, rows), flat(right, columns)], { transB: attr.int(1) });
    return model.reshape(product, [1, rows, columns]);
  }
  const products = model.target.portable
    ? model.emit('MatMul', [left, model.transpose(right, [0, 1, 3, 2])])
    : model.emit('FusedMatMul', [left, right], { transB: attr.int(1) }, 'com.microsoft');
  return model.emit('ReduceSum', [products, model.int64([0])], { keepdims: attr.int(0) });
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Rows shifted on dy and columns shifted on x, so that k + k copies are made instead of k * k. Stride 1, one group. */
function separateShifts(
  [x, dy]: readonly string[],
  { model, node, attributes }: LoweringContext<Conv2dWeightGradientAttributes>,
): string {
  const [o, c, kh, kw] = node.shape as Quad;
  const [top, left, bottom, right] = attributes.padding;
  const plain = { strides: [1, 1], dilation: [1, 1] } as const;
  const size = [node.inputs[0]!.shape[2]!, node.inputs[1]!.shape[3]!] as const;
  const columns = shifted(
    model,
    x!,
    c,
    [1, kw],
    range(kw).map((j) => [0, j] as const),
    size,
    {
      ...plain,
      padding: [0, left, 0, right],
    },
  );
  const rows = shifted(
    model,
    dy!,
    o,
    [kh, 1],
    range(kh).map((i) => [kh - 1 - i, 0] as const),
    size,
    {
      ...plain,
      padding: [kh - 1 - top, 0, kh - 1 - bottom, 0],
    },
  );
  const product = sumOfProducts(model, rows, columns, {
    groups: 1,
    rows: o * kh,
    columns: c * kw,
    positions: sizeOf(size),
  });
  return model.transpose(model.reshape(product, [o, kh, c, kw]), [0, 2, 1, 3]);
}

const weightGradient: Lowering<Conv2dWeightGradientAttributes> = (inputs, context) => {
  const { model, node, attributes } = context;
  const [input, dy] = node.inputs as [Tensor, Tensor];
  const { strides, padding, dilation, groups, kernel } = attributes;
  const maps = { maps: input.shape as Quad, gradient: dy.shape as Quad };
  if (
    canBlockDepthwise(model, input.shape, node.shape, attributes) &&
    reachesAllTaps(maps.maps, maps.gradient, attributes)
  ) {
    return depthwiseWeightGradient(model, [inputs[0]!, inputs[1]!], maps, attributes);
  }
  const taps = kernel[0] * kernel[1];
  const separable =
    [...strides, ...dilation, ...attributes.inputDilation, groups].every((n) => n === 1) &&
    padding.every((p, side) => p >= 0 && p < kernel[side % 2]!) &&
    Math.min(...kernel) > 1 &&
    // few input channels: all copies of x cost less than copies of dy
    input.shape[1]! * taps >= kernel[1] * input.shape[1]! + kernel[0] * dy.shape[1]!;
  if (separable) return separateShifts(inputs, context);

  const c = input.shape[1]!;
  const prepared = prepareInput(model, inputs[0]!, input.shape, attributes);
  const places = range(taps).map((tap) => [Math.floor(tap / kernel[1]), tap % kernel[1]] as const);
  const size = [dy.shape[2]!, dy.shape[3]!] as const;
  const isCopy = taps === 1 && Math.max(...strides) === 1 && Math.max(...padding) === 0;
  const copies = isCopy
    ? prepared.x
    : shifted(model, prepared.x, c, kernel, places, size, { strides, dilation, padding: prepared.padding });
  const product = sumOfProducts(model, inputs[1]!, copies, {
    groups,
    rows: dy.shape[1]! / groups,
    columns: (c / groups) * taps,
    positions: sizeOf(size),
  });
  return model.reshape(product, node.shape);
};

/**
 * Matrix products of dy with shifted copies of x: three times as fast as the decomposition, a convolution whose kernel
 * is as large as a map.
 */
export const conv2dWeightGradient: Claim<Conv2dWeightGradientAttributes> = { lower: weightGradient };
