import {
  type BatchFacts,
  type ChangeableBatch,
  defineBatchTransform,
  type SampleRandom,
} from '@limbeck/core';
import { z } from 'zod';
import { drawBeta } from './beta.js';
import { mixRows } from './mix-rows.js';

/** The parameter of the Beta distribution. */
export const alphaOption = (name: string) =>
  z
    .number()
    .positive()
    .default(1)
    .describe(`${name} is drawn from Beta(alpha, alpha); small values mix little`);

/** Probability of a change. */
export const probability = z.number().min(0).max(1).default(1).describe('probability that a batch is mixed');

/** Mixes by a share that is drawn. */
export function mixupBatch(
  { pictures, targets }: ChangeableBatch,
  { batchSize }: BatchFacts,
  { alpha, random }: { alpha: number; random: SampleRandom },
): void {
  const share = drawBeta(alpha, random);
  for (const picture of pictures) mixRows(picture, batchSize, share);
  if (targets !== undefined) mixRows(targets, batchSize, share);
}

/**
 * Each image is added to another of the batch, and its targets likewise (Zhang et al., ICLR 2018, arXiv 1710.09412). One share
 * for the batch; pairs as in timm.
 */
export const mixup = defineBatchTransform({
  id: 'mixup',
  description: 'add pairs of images, and their targets, by a random share',
  cite: 'arXiv:1710.09412',
  options: z.strictObject({ alpha: alphaOption('the share of the first image'), p: probability }),
  create:
    ({ alpha, p }: { alpha: number; p: number }, facts) =>
    (batch, random) => {
      if (random.uniform() < p) mixupBatch(batch, facts, { alpha, random });
    },
});
