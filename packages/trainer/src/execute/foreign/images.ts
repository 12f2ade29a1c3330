import { LimbeckError } from '@limbeck/core';
import type { RunDataset } from '@limbeck/data';
import { type TensorData, tensorData } from '@limbeck/graph';
import type { InputDeclaration } from '../../run/foreign-model.js';
import { resizer } from './resize.js';

/** Turns images [N, C, H, W] as the data set normalises them into those a model from a file takes. */
export type ImageConversion = (images: TensorData) => TensorData;

/** Images of a data set: their shape, and how it normalises them. */
export type ImageFacts = Pick<RunDataset, 'imageShape' | 'normalization'>;

/**
 * Prepares the way from one normalisation, size and layout to another. A normalisation is undone and the other applied in
 * one multiplication and one addition a channel, computed in double precision and rounded once.
 *
 * @param size height and width the model takes
 */
export function imageConversion(
  { imageShape, normalization }: ImageFacts,
  declared: InputDeclaration,
  size: readonly [height: number, width: number],
): ImageConversion {
  const mix = mixing(imageShape[0], declared.channels);
  if (mix !== undefined) return mixed({ imageShape, normalization }, declared, size, mix);
  const { factors, offsets } = affine(imageShape[0], normalization, declared);
  const [channels, height, width] = imageShape;
  const sameSize = size[0] === height && size[1] === width;
  const plain = factors.every((factor) => factor === 1) && offsets.every((offset) => offset === 0);
  if (plain && sameSize && declared.layout === 'NCHW') return (images) => images;
  const resize = sameSize ? undefined : resizer([height, width], size);
  const plane = size[0] * size[1];
  const isLast = declared.layout === 'NHWC';
  return ({ shape, data }) => {
    const count = shape[0]!;
    const from = data as Float32Array;
    const into = new Float32Array(count * channels * plane);
    for (let image = 0; image < count; image++) {
      for (let channel = 0; channel < channels; channel++) {
        const start = (image * channels + channel) * height * width;
        const map = from.subarray(start, start + height * width);
        const pixels = resize === undefined ? map : resize(map);
        const [factor, offset] = [factors[channel]!, offsets[channel]!];
        const [first, step] = isLast
          ? [image * channels * plane + channel, channels]
          : [(image * channels + channel) * plane, 1];
        for (let i = 0; i < plane; i++) into[first + i * step] = pixels[i]! * factor + offset;
      }
    }
    return tensorData('float32', isLast ? [count, ...size, channels] : [count, channels, ...size], into);
  };
}

/** How much of each channel of the data a channel of the model is. */
type Mix = readonly (readonly number[])[];

/** Weights of red, green and blue in a grey image, as ITU-R BT.601 has them. */
const luma = [0.299, 0.587, 0.114];

/** Undefined where the channels are those of the data, as they are. */
function mixing(channels: number, wanted: InputDeclaration['channels']): Mix | undefined {
  if (wanted === undefined) return undefined;
  if (channels === 1) return wanted === 'grey' ? undefined : [[1], [1], [1]];
  if (channels !== 3) {
    throw new LimbeckError(
      'SHAPE_MISMATCH',
      `images of ${channels} channels cannot be made ${wanted} for the teacher`,
      { hint: 'leave teacher.input.channels out' },
    );
  }
  if (wanted === 'RGB') return undefined;
  return wanted === 'grey'
    ? [luma]
    : [
        [0, 0, 1],
        [0, 1, 0],
        [1, 0, 0],
      ];
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i]!, 0);

/** Colours mixed first, in pixels as they are; then the rest as for the data's own channels. */
function mixed(
  { imageShape, normalization: { mean, std } }: ImageFacts,
  declared: InputDeclaration,
  size: readonly [height: number, width: number],
  mix: Mix,
): ImageConversion {
  const [, height, width] = imageShape;
  const ofMix = { mean: mix.map((row) => dot(row, mean)), std: mix.map((row) => dot(row, std)) };
  const rest = imageConversion(
    { imageShape: [mix.length, height, width], normalization: ofMix },
    { ...declared, channels: undefined },
    size,
  );
  const plane = height * width;
  return ({ shape, data }) => {
    const count = shape[0]!;
    const from = data as Float32Array;
    const into = new Float32Array(count * mix.length * plane);
    for (let image = 0; image < count; image++) {
      for (const [to, row] of mix.entries()) {
        const start = (image * mix.length + to) * plane;
        for (let i = 0; i < plane; i++) {
          let pixel = 0;
          for (const [channel, weight] of row.entries()) {
            const value = from[(image * row.length + channel) * plane + i]!;
            pixel += weight * (value * std[channel]! + mean[channel]!);
          }
          into[start + i] = (pixel - ofMix.mean[to]!) / ofMix.std[to]!;
        }
      }
    }
    return rest(tensorData('float32', [count, mix.length, height, width], into));
  };
}

/** (scale (x std + mean) - mean') / std', as x factor + offset. */
function affine(
  channels: number,
  { mean, std }: RunDataset['normalization'],
  { scale, normalization }: InputDeclaration,
): { readonly factors: readonly number[]; readonly offsets: readonly number[] } {
  if (normalization === undefined && scale === 1) {
    return { factors: mean.map(() => 1), offsets: mean.map(() => 0) };
  }
  const own = wanted(channels, { mean, std }, normalization, scale);
  const same = mean.map((m, c) => scale * m === own.mean[c] && scale * std[c]! === own.std[c]);
  return {
    factors: std.map((s, c) => (same[c] ? 1 : (scale * s) / own.std[c]!)),
    offsets: mean.map((m, c) => (same[c] ? 0 : (scale * m - own.mean[c]!) / own.std[c]!)),
  };
}

function wanted(
  channels: number,
  dataset: RunDataset['normalization'],
  declared: InputDeclaration['normalization'],
  scale: number,
): RunDataset['normalization'] {
  if (declared === 'none') return { mean: Array(channels).fill(0), std: Array(channels).fill(1) };
  if (declared === undefined) {
    return { mean: dataset.mean.map((m) => scale * m), std: dataset.std.map((s) => scale * s) };
  }
  const { mean, std } = declared;
  if (mean.length === channels && std.length === channels) return declared;
  if (mean.length === 1 && std.length === 1) {
    return { mean: Array(channels).fill(mean[0]), std: Array(channels).fill(std[0]) };
  }
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `the teacher's normalization has ${mean.length} means and ${std.length} standard deviations, images have ${channels} channels`,
    { hint: 'give one value, or one a channel, in teacher.input.normalization' },
  );
}
