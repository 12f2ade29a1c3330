import { type Backbone, defineBackbone, LimbeckError, type StemOptions, stemOptions } from '@limbeck/core';
import { globalAveragePool, maxPool, relu, type Tensor } from '@limbeck/graph';
import { type Scope, zeros } from '@limbeck/nn';
import { z } from 'zod';
import { convInit, wideBlock } from './block.js';

/** What tells the members of the family apart. */
export interface WideResNet {
  /** 6n + 4 layers: n blocks in each of three stages. */
  readonly depth: number;
  /** Channels of the stages, as multiples of 16, 32 and 64. */
  readonly width: number;
}

/** Blocks in each stage; not whole for a depth there is no network of. */
const blocksOf = (depth: number): number => (depth - 4) / 6;

const ownOptions = stemOptions('cifar', { cifar: '3x3, stride 1', imagenet: '7x7, stride 2, and max pool' });

/** The bare convolution, which the first block normalises. */
function stemMap(m: Scope, image: Tensor, { stem }: StemOptions): Tensor {
  const shape = stem === 'cifar' ? { kernel: 3, padding: 1 } : { kernel: 7, stride: 2, padding: 3 };
  const map = m.conv('conv1', image, { out: 16, ...shape, init: convInit });
  return stem === 'cifar' ? map : maxPool(map, { kernel: 3, stride: 2, padding: 1 });
}

/**
 * Taps: `stem`, the bare convolution; `stage1`-`stage3`, the residual sums, which have signs; `stage1.preact`-`stage3.preact`,
 * the same behind the batch norm that comes next; `last-map`, that of the last stage behind its ReLU, which is pooled.
 */
function encode(m: Scope, image: Tensor, { depth, width, stem }: WideResNet & StemOptions): Tensor {
  let x = m.tap('stem', stemMap(m, image, { stem }));
  for (const stage of [1, 2, 3]) {
    x = m.block(`block${stage}`, (layers) => {
      for (let block = 0; block < blocksOf(depth); block++) {
        const first = stage > 1 && block === 0;
        const widening = {
          width: 8 * 2 ** stage * width,
          stride: first ? 2 : 1,
          preact: first ? `stage${stage - 1}.preact` : undefined,
        };
        x = layers.in('layer').block(block, (b) => wideBlock(b, x, widening));
      }
      return x;
    });
    m.tap(`stage${stage}`, x);
  }
  return globalAveragePool(m.tap('last-map', relu(m.tap('stage3.preact', m.batchNorm('bn1', x)))));
}

const classify = (m: Scope, embedding: Tensor, classes: number): Tensor =>
  m.linear('fc', embedding, { out: classes, biasInit: zeros });

const cite = 'arXiv:1605.07146; HobbitLong/RepDistiller:models/wrn.py';

/**
 * A wide ResNet as RepDistiller publishes it, without dropout. Where the published code pools a fixed 8x8 window, which
 * gives several embeddings an image at 64x64, this one pools the whole map.
 */
export function wideResNet({ depth, width }: WideResNet): Backbone<StemOptions> {
  const id = `wrn_${depth}_${width}`;
  if (!isDepth(depth)) {
    throw new LimbeckError('PRECONDITION', `backbone '${id}': a wide ResNet has 6n + 4 layers, not ${depth}`);
  }
  return defineBackbone({
    id,
    description: `wide ResNet, ${depth} layers, ${width} times as wide`,
    cite,
    options: ownOptions,
    encode: (m, image, { stem }) => encode(m, image, { depth, width, stem }),
    classify,
  });
}

const isDepth = (depth: number): boolean => Number.isInteger(blocksOf(depth)) && blocksOf(depth) > 0;

/** A wide ResNet of any depth and width. */
export const wrn = defineBackbone<WideResNet & StemOptions>({
  id: 'wrn',
  description: 'wide ResNet of any depth 6n + 4 and any width',
  cite,
  options: z.strictObject({
    depth: z.int().refine(isDepth, 'a wide ResNet has 6n + 4 layers').describe('layers, 6n + 4'),
    width: z.int().min(1).describe('channels of the stages, as multiples of 16, 32 and 64'),
    ...ownOptions.shape,
  }),
  encode,
  classify,
});
