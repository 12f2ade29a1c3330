import { attr, type OnnxAttribute } from '@limbeck/formats';
import { tensorData } from '@limbeck/graph';
import type { ModelBuilder } from './model-builder.js';

/** onnxruntime's operators on maps whose channels lie in blocks of 8 or 16. */
const domain = 'com.microsoft.nchwc';

/**
 * onnxruntime uses its blocked convolutions by itself only where the weights are constants. In a program that trains
 * they are not, so the model calls the kernels and packs the weights itself: 1.15 to 1.3 times as fast as `Conv`. True
 * where channels fill blocks; the input of a first layer, with fewer channels than a block, is read as it is.
 */
export const canBlock = (model: ModelBuilder, { inputs, outputs }: Channels): boolean => {
  const block = model.target.channelBlock;
  return block > 0 && outputs % block === 0 && (inputs % block === 0 || inputs < block);
};

export interface Channels {
  readonly inputs: number;
  readonly outputs: number;
}

type Weight = readonly [outputs: number, inputs: number, rows: number, columns: number];

/** Ones on the diagonal, or on the other one. */
const diagonal = (model: ModelBuilder, size: number, direction: 'falling' | 'rising'): string =>
  model.cached(`${direction} ${size}`, () => {
    const data = new Float32Array(size * size);
    for (let i = 0; i < size; i++) data[i * size + (direction === 'falling' ? i : size - 1 - i)] = 1;
    return tensorData('float32', [1, size, size], data);
  });

// Both ways of packing end in a transposition that moves whole blocks, which is quick. What has to happen inside a block
// is a product with a permutation: that runs on all threads, where other transpositions and reversals run on one.

/** Weights [O, I, kH, kW] as the blocked kernels read them: [O / b, I / b, kH, kW, b of I, b of O]. */
export function packWeight(model: ModelBuilder, weight: string, [o, i, kh, kw]: Weight): string {
  const b = model.target.channelBlock;
  const rows = model.reshape(weight, [o / b, b, i * kh * kw]);
  const identity = diagonal(model, b, 'falling');
  const transposed = model.emit('FusedMatMul', [rows, identity], { transA: attr.int(1) }, 'com.microsoft');
  // a first layer has a single, smaller block of inputs, and keeps its taps inside it: [O / b, I, kH, kW, b of O]
  if (i < b) return model.reshape(transposed, [o, i, kh, kw]);
  const split = model.reshape(transposed, [o / b, i / b, b, kh * kw, b]);
  return model.reshape(model.transpose(split, [0, 1, 3, 2, 4]), [o, i, kh, kw]);
}

/** The same for the gradient of the input: input and output change places, rows and columns run backwards. */
export function packFlippedWeight(model: ModelBuilder, weight: string, [o, i, kh, kw]: Weight): string {
  const b = model.target.channelBlock;
  const taps = model.reshape(weight, [(o * i) / b, b, kh * kw]);
  const reversed = diagonal(model, kh * kw, 'rising');
  const backwards = model.emit('FusedMatMul', [reversed, taps], { transB: attr.int(1) }, 'com.microsoft');
  const split = model.reshape(backwards, [o / b, b, i / b, kh * kw, b]);
  return model.reshape(model.transpose(split, [2, 0, 3, 1, 4]), [i, o, kh, kw]);
}

/** A convolution by the blocked kernel: x [N, C, H, W] in and out, weights packed. */
export function blockedConvolution(
  model: ModelBuilder,
  operands: readonly [x: string, packed: string, ...bias: string[]],
  { inputs, outputs }: Channels,
  attributes: Readonly<Record<string, OnnxAttribute>>,
): string {
  const [x, ...weights] = operands;
  const isFirst = inputs < model.target.channelBlock;
  const blocked = isFirst ? x : model.emit('ReorderInput', [x], {}, domain);
  const y = model.emit('Conv', [blocked, ...weights], attributes, domain);
  return model.emit('ReorderOutput', [y], { channels: attr.int(outputs) }, domain);
}
