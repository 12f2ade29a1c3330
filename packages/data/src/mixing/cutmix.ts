import {
  type BatchFacts,
  type ChangeableBatch,
  defineBatchTransform,
  type SampleRandom,
} from '@limbeck/core';
import { z } from 'zod';
import { drawBeta } from './beta.js';
import { type Box, mixRows, swapBox } from './mix-rows.js';
import { alphaOption, probability } from './mixup.js';

/** A rectangle of the share 1 - `share` of an image around a random place, as far as it lies inside. */
export function drawBox(height: number, width: number, share: number, random: SampleRandom): Box {
  const side = Math.sqrt(1 - share);
  const [high, wide] = [Math.trunc(height * side) >> 1, Math.trunc(width * side) >> 1];
  const [y, x] = [random.int(height), random.int(width)];
  return {
    top: Math.max(0, y - high),
    bottom: Math.min(height, y + high),
    left: Math.max(0, x - wide),
    right: Math.min(width, x + wide),
  };
}

/** Exchanges a rectangle that is drawn; targets follow its true area. */
export function cutmixBatch(
  { pictures, targets }: ChangeableBatch,
  { batchSize, imageShape: [channels, height, width] }: BatchFacts,
  { alpha, random }: { alpha: number; random: SampleRandom },
): void {
  const box = drawBox(height, width, drawBeta(alpha, random), random);
  for (const picture of pictures) swapBox(picture, [batchSize, channels, height, width], box);
  const area = (box.bottom - box.top) * (box.right - box.left);
  if (targets !== undefined) mixRows(targets, batchSize, 1 - area / (height * width));
}

/**
 * Pairs of images exchange a rectangle, and targets are mixed by its area (Yun et al., ICCV 2019, arXiv 1905.04899). One
 * rectangle for the batch; pairs as in timm.
 */
export const cutmix = defineBatchTransform({
  id: 'cutmix',
  description: 'exchange a random rectangle between pairs of images, and mix their targets by its area',
  cite: 'arXiv:1905.04899',
  options: z.strictObject({ alpha: alphaOption('the share that stays'), p: probability }),
  create:
    ({ alpha, p }: { alpha: number; p: number }, facts) =>
    (batch, random) => {
      if (random.uniform() < p) cutmixBatch(batch, facts, { alpha, random });
    },
});
