import { attr } from '@limbeck/formats';
import { type Conv2dAttributes, isConstant, type Padding, type Pair, type Tensor } from '@limbeck/graph';
import { blockedConvolution, canBlock, packWeight } from './blocked-convolution.js';
import { canBlockDepthwise, depthwiseConvolution } from './depthwise.js';
import { groupedConvolution } from './grouped-convolution.js';
import type { Lowering } from './lowering.js';
import type { ModelBuilder } from './model-builder.js';

/** Zeros between neighbouring elements of a map, and rows and columns cropped off where padding is negative. */
export function prepareInput(
  model: ModelBuilder,
  x: string,
  [, , h, w]: readonly number[],
  { inputDilation, padding }: Conv2dAttributes,
): { x: string; padding: Padding } {
  let value = x;
  let [top, left, bottom, right] = padding;
  let size: Pair = [h!, w!];
  const [dh, dw] = inputDilation;
  if (dh > 1 || dw > 1) {
    const apart = model.reshape(value, [0, 0, h!, 1, w!, 1]);
    const pads = [0, 0, 0, 0, 0, 0, 0, 0, 0, dh - 1, 0, dw - 1];
    value = model.reshape(model.emit('Pad', [apart, model.int64(pads)]), [0, 0, h! * dh, w! * dw]);
    size = [h! * dh, w! * dw];
    // the zeros behind the last element do not belong to the map
    bottom -= dh - 1;
    right -= dw - 1;
  }
  if (Math.min(top, left, bottom, right) < 0) {
    const crop = (n: number) => Math.max(-n, 0);
    value = model.slice(
      value,
      [2, 3],
      [crop(top), crop(left)],
      [size[0] - crop(bottom), size[1] - crop(right)],
    );
    [top, left, bottom, right] = [top, left, bottom, right].map((n) => Math.max(n, 0)) as [
      number,
      number,
      number,
      number,
    ];
  }
  return { x: value, padding: [top, left, bottom, right] };
}

/** A `conv2d` node as ONNX nodes, with one more number a channel where a bias is given. */
export function convolution(
  model: ModelBuilder,
  node: Tensor,
  attributes: Conv2dAttributes,
  bias?: string,
): string {
  const [input, weight] = node.inputs as [Tensor, Tensor];
  if (!isConstant(weight) && canBlockDepthwise(model, input.shape, weight.shape, attributes)) {
    const operands = [model.valueOf(input), model.valueOf(weight)] as const;
    const shapes = {
      maps: input.shape as [number, number, number, number],
      kernel: [weight.shape[2]!, weight.shape[3]!] as const,
      result: node.shape,
    };
    return depthwiseConvolution(
      model,
      bias === undefined ? operands : [...operands, bias],
      shapes,
      attributes,
    );
  }
  const { x, padding } = prepareInput(model, model.valueOf(input), input.shape, attributes);
  const kernel = weight.shape.slice(2);
  const shared = {
    kernel_shape: attr.ints(kernel),
    strides: attr.ints(attributes.strides),
    pads: attr.ints(padding),
    dilations: attr.ints(attributes.dilation),
  };
  const offset = bias === undefined ? [] : [bias];
  const [outputs, inputs] = weight.shape as [number, number];
  // constant weights are left to the runtime, which blocks whole chains of layers
  // 1x1 at stride 1 is a plain matrix product, for which reordering does not pay
  const pays = attributes.groups === 1 && Math.max(...kernel, ...attributes.strides) > 1;
  if (pays && !isConstant(weight) && canBlock(model, { inputs, outputs })) {
    const packed = packWeight(model, model.valueOf(weight), weight.shape as [number, number, number, number]);
    return blockedConvolution(model, [x, packed, ...offset], { inputs, outputs }, shared);
  }
  const channels = { groups: attributes.groups, inputs: input.shape[1]!, outputs };
  return groupedConvolution(model, [x, model.valueOf(weight), ...offset], channels, shared);
}

export const conv2d: Lowering<Conv2dAttributes> = (_, { model, node, attributes }) =>
  convolution(model, node, attributes);
