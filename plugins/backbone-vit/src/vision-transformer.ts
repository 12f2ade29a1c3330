import { type Backbone, defineBackbone } from '@limbeck/core';
import { add, concat, mul, slice, type Tensor } from '@limbeck/graph';
import { type Scope, zeros } from '@limbeck/nn';
import { z } from 'zod';
import { transformer } from './encoder.js';
import { namings } from './namings.js';
import { asMap, embedTokens, init, tokenAt } from './tokens.js';

/** What tells the members of the family apart. */
export interface VisionTransformer {
  /** Features of a token. */
  readonly width: number;
  readonly depth: number;
  /** Parts of a token that attend each on its own. */
  readonly heads: number;
  /** Whether a distillation token with a head of its own stands beside the class token. */
  readonly distilled: boolean;
}

/** Shares that training drops at random, in [0, 1); evaluation drops nothing. */
export interface DropRates {
  /**
   * Of elements, behind the positions and behind each linear layer of a block but the one that makes queries, keys and
   * values (Dosovitskiy et al., 2021, appendix B.1). Published: 0.1 for ViT trained on ImageNet (table 3), 0 for DeiT.
   */
  readonly dropout: number;
  /**
   * Of samples on the branches of the last block; it grows linearly from 0 at the first block. Published: 0.1 for DeiT
   * (Touvron et al., 2021, table 9).
   */
  readonly dropPath: number;
}

/** What a configuration may choose of a published model. */
export interface PatchOptions extends DropRates {
  /** Side of a patch in pixels. */
  readonly patch: number;
}

const patch = z
  .int()
  .min(1)
  .default(16)
  .describe('side of a patch in pixels; 4 suits images of 32x32, 8 of 64x64');

const rate = z.number().min(0).lt(1).default(0);

const rates = {
  dropout: rate.describe('share of elements that training drops; ViT was published with 0.1, DeiT with 0'),
  dropPath: rate.describe(
    'share of samples whose last block training skips, growing linearly from 0; DeiT was published with 0.1',
  ),
};

function encode(
  m: Scope,
  image: Tensor,
  { width, depth, heads, distilled, patch: side, dropout, dropPath }: VisionTransformer & PatchOptions,
): Tensor {
  const { map, tokens } = embedTokens(m, image, { width, patch: side, distilled });
  const mapShape = m.tap('stem', map).shape;
  const kept = m.dropout('pos_drop', tokens, { rate: dropout });
  const last = m.tap('tokens', transformer(m, kept, { depth, heads, mapShape, dropout, dropPath }));
  m.tap('last-map', asMap(last, mapShape));
  const classToken = m.tap('class-token', tokenAt(last, 0));
  if (!distilled) return classToken;
  return concat([classToken, m.tap('distillation-token', tokenAt(last, 1))], { axis: 1 });
}

function classify(
  m: Scope,
  embedding: Tensor,
  classes: number,
  { width, distilled }: VisionTransformer,
): Tensor {
  const head = (name: string, token: Tensor) =>
    m.linear(name, token, { out: classes, init, biasInit: zeros });
  if (!distilled) return head('head', embedding);
  const ofClass = head('head', slice(embedding, { axis: 1, end: width }));
  const ofDistillation = head('head_dist', slice(embedding, { axis: 1, start: width }));
  // a classifier that is called again keeps its first tap, as layers do
  if (!m.trace.taps.has('distillation-logits')) m.tap('distillation-logits', ofDistillation);
  return m.mode === 'train' ? ofClass : mul(add(ofClass, ofDistillation), 0.5);
}

const describe = ({ width, depth, heads, distilled }: VisionTransformer): string =>
  `vision transformer, ${depth} blocks, ${heads} heads, width ${width}${distilled ? ', with a distillation token' : ''}`;

const cite = 'arXiv:2012.12877; huggingface/pytorch-image-models:timm/models/deit.py';

/**
 * A vision transformer with timm's names, as DeiT publishes it (Touvron et al., 2021). It drops nothing
 * unless the options `dropout` and `dropPath` say so. Images that do not divide into patches are filled up with zeros at the lower and the right edge.
 *
 * The embedding is the class token. With a distillation token it is both, one behind the other; in evaluation the logits
 * are the mean of the two heads; in training they are the class head's, and the tap `distillation-logits` is the other
 * head's, for a distiller that trains it.
 *
 * Taps: `stem`, the patches; `stage1`-`stage4`, the patches' tokens as maps after each quarter of the blocks; `last-map`,
 * the same behind the last layer norm; `tokens` [N, T, D]; `class-token` and `distillation-token` [N, D].
 */
export function visionTransformer(id: string, shape: VisionTransformer): Backbone<PatchOptions> {
  return defineBackbone<PatchOptions>({
    id,
    description: describe(shape),
    cite,
    options: z.strictObject({ patch, ...rates }),
    namings,
    encode: (m, image, options) => encode(m, image, { ...shape, ...options }),
    classify: (m, embedding, classes) => classify(m, embedding, classes, shape),
  });
}

/** A vision transformer of any size. */
export const vit = defineBackbone<VisionTransformer & PatchOptions>({
  id: 'vit',
  description: 'vision transformer of any width and depth',
  cite,
  options: z
    .strictObject({
      width: z.int().min(1).describe('features of a token, a multiple of the heads'),
      depth: z.int().min(1).describe('blocks'),
      heads: z.int().min(1).describe('parts of a token that attend each on its own'),
      distilled: z.boolean().default(false).describe('whether it has a distillation token with its own head'),
      patch,
      ...rates,
    })
    .refine(({ width, heads }) => width % heads === 0, {
      path: ['heads'],
      message: 'expected a divisor of `width`',
    }),
  namings,
  encode,
  classify,
});
