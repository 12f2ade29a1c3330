import { attr } from '@limbeck/formats';
import { type Pair, type PoolAttributes, sizeOf, tensorData, windowCounts } from '@limbeck/graph';
import type { Lowering } from './lowering.js';
import { maxPoolGradientByComparison } from './max-pool-gradient.js';
import { windows } from './windows.js';
import { zeros } from './zeros.js';

export const maxPool: Lowering<PoolAttributes> = ([x], { model, attributes }) =>
  model.emit('MaxPool', [x!], windows(attributes));

export const maxPoolGradient: Lowering<PoolAttributes> = ([dy, x], context) => {
  const { model, node, attributes } = context;
  if (!model.target.kernels.maxPoolIndices) return maxPoolGradientByComparison([dy!, x!], context);
  const [, indices] = model.emitAll('MaxPool', [x!], windows(attributes), 2);
  const { kernel, strides } = attributes;
  const apart = kernel[0] <= strides[0] && kernel[1] <= strides[1];
  if (apart) {
    const { kernel_shape, strides: steps } = windows(attributes);
    return model.emit('MaxUnpool', [dy!, indices!, model.int64(node.shape)], {
      kernel_shape,
      strides: steps,
    });
  }
  // windows that share elements: their parts of the gradient add up
  const flat = { shape: [sizeOf(node.shape)], dtype: node.dtype };
  const scattered = model.emit(
    'ScatterElements',
    [zeros(model, flat), model.reshape(indices!, [-1]), model.reshape(dy!, [-1])],
    { axis: attr.int(0), reduction: attr.string('add') },
  );
  return model.reshape(scattered, node.shape);
};

export const avgPool: Lowering<PoolAttributes> = ([x], { model, attributes }) =>
  model.emit('AveragePool', [x!], windows(attributes));

// each element of dy, divided by the size of its window, times a window of ones: a transposed convolution
export const avgPoolGradient: Lowering<PoolAttributes & { readonly size: Pair }> = (
  [dy],
  { model, node, attributes },
) => {
  const { kernel, strides, padding, size } = attributes;
  const [, channels, oh, ow] = node.inputs[0]!.shape as [number, number, number, number];
  const [rows, columns] = [
    windowCounts(0, oh, size[0], attributes),
    windowCounts(1, ow, size[1], attributes),
  ];
  const shares = rows.flatMap((r) => columns.map((c) => 1 / (r * c)));
  const share = tensorData('float32', [oh, ow], Float32Array.from(shares));
  const ones = tensorData('float32', [channels, 1, ...kernel]);
  ones.data.fill(1);
  const left = ([0, 1] as const).map(
    (axis) =>
      size[axis] + padding[axis] + padding[axis + 2]! - kernel[axis] - strides[axis] * ([oh, ow][axis]! - 1),
  );
  return model.emit(
    'ConvTranspose',
    [model.emit('Mul', [dy!, model.constant(share)]), model.constant(ones)],
    {
      kernel_shape: attr.ints(kernel),
      strides: attr.ints(strides),
      pads: attr.ints(padding),
      output_padding: attr.ints(left),
      group: attr.int(channels),
    },
  );
};
