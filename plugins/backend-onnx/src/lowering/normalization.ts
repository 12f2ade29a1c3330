import { attr } from '@limbeck/formats';
import type { BatchNormAttributes, Tensor } from '@limbeck/graph';
import type { DeviceKernels } from './device-kernels.js';
import type { Claim, Lowering } from './lowering.js';
import type { ModelBuilder } from './model-builder.js';

type None = Record<never, never>;

/**
 * A vector [C] of memory of its own, whatever it holds: one position of the map.
 *
 * @param image which image of the batch it is taken from
 */
function scratch(model: ModelBuilder, x: string, channels: number, image: 0 | -1): string {
  const ends = [image === 0 ? 1 : Number.MAX_SAFE_INTEGER, 1, 1];
  return model.reshape(model.slice(x, [0, 2, 3], [image, 0, 0], ends), [channels]);
}

/**
 * Normalised map, mean and population variance of each channel, all by one kernel that reads x once or twice: a
 * third of the time of the reductions alone.
 *
 * The kernel writes mean and variance into the very memory of its running statistics, constants and the caller's
 * tensors included. So each layer gives it scratch memory, whose contents do not count (momentum 0).
 */
function normalize(
  model: ModelBuilder,
  x: string,
  scale: string,
  bias: string,
  channels: number,
  epsilon: number,
): readonly string[] {
  const running = [scratch(model, x, channels, 0), scratch(model, x, channels, -1)];
  return model.emitAll(
    'BatchNormalization',
    [x, scale, bias, ...running],
    { epsilon: attr.float(epsilon), momentum: attr.float(0), training_mode: attr.int(1) },
    3,
  );
}

const trainingNormalization: Lowering<BatchNormAttributes> = (
  [x, scale, bias],
  { model, node, attributes },
) => normalize(model, x!, scale!, bias!, node.shape[1]!, attributes.epsilon)[0]!;

/** Mean (1) or variance (2) of each channel: those of the layer that normalises the map, where there is one. */
const statistic =
  (result: 1 | 2): Lowering<None> =>
  ([x], { model, node }) => {
    const map = node.inputs[0]!;
    const layer = model.facts.normalizationOf(map);
    const channels = map.shape[1]!;
    if (layer === undefined)
      return normalize(model, x!, model.filled(1, channels), model.filled(0, channels), channels, 1e-5)[
        result
      ]!;
    const [scale, bias] = layer.inputs.slice(1).map((input) => model.valueOf(input));
    return normalize(model, x!, scale!, bias!, channels, layer.attributes.epsilon as number)[result]!;
  };

/** Sum over positions, then over the batch: two simple loops where one over [0, 2, 3] walks with strides. */
const sumOfChannels = (model: ModelBuilder, x: string): string => {
  const without = { keepdims: attr.int(0) };
  const images = model.emit('ReduceSum', [x, model.int64([2, 3])], without);
  return model.emit('ReduceSum', [images, model.int64([0])], without);
};

/** Factor and offset a channel: one pass, where Mul and Add are two. */
const affine: Lowering<None> = ([x, factor, offset], { model, node }) => {
  const channels = node.shape[1]!;
  const identity = [model.filled(0, channels), model.filled(1, channels)];
  return model.emit('BatchNormalization', [x!, factor!, offset!, ...identity], { epsilon: attr.float(0) });
};

/** Layers with these statistics are one node for runtimes, which they fold into convolutions. */
const inference: Lowering<BatchNormAttributes> = ([x, mean, variance, scale, bias], { model, attributes }) =>
  model.emit('BatchNormalization', [x!, scale!, bias!, mean!, variance!], {
    epsilon: attr.float(attributes.epsilon),
  });

const isFloat32 = ({ dtype }: Tensor) => dtype === 'float32';

/** Statistics that the kernel itself computes, on a device where it does. */
const trains = (node: Tensor, _: unknown, { trainingBatchNorm }: DeviceKernels) =>
  isFloat32(node) && trainingBatchNorm;

export const batchNorm: Claim<BatchNormAttributes> = {
  lower: inference,
  when: (node, { epsilon }, { smallestEpsilon }) => isFloat32(node) && epsilon >= smallestEpsilon,
};
export const batchNormTraining: Claim<BatchNormAttributes> = { lower: trainingNormalization, when: trains };
export const channelAffine: Claim<None> = {
  lower: affine,
  when: (node, _, { smallestEpsilon }) => isFloat32(node) && smallestEpsilon === 0,
};
export const channelMean: Claim<None> = { lower: statistic(1), when: trains };
export const channelVariance: Claim<None> = { lower: statistic(2), when: trains };
export const channelSum: Claim<None> = { lower: ([x], { model }) => sumOfChannels(model, x!) };
export const channelDot: Claim<None> = {
  lower: (inputs, { model }) => sumOfChannels(model, model.emit('Mul', inputs)),
};
export const layerNorm: Claim<{ readonly epsilon: number }> = {
  since: 17,
  lower: (inputs, { model, attributes }) =>
    model.emit('LayerNormalization', inputs, { axis: attr.int(-1), epsilon: attr.float(attributes.epsilon) }),
};
