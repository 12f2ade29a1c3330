import { type Backbone, defineBackbone, type StemOptions, stemOptions } from '@limbeck/core';
import { globalAveragePool, maxPool, relu, type Tensor } from '@limbeck/graph';
import { kaimingNormal, normal, type Scope, zeros } from '@limbeck/nn';
import { namingsOf } from './namings.js';

/** Channels of the five blocks. */
const widths = [64, 128, 256, 512, 512] as const;

/** From this height on the fourth block is followed by a max pool as well. */
const largeImage = 64;

/** Whether a max pool follows a block of an image of this height. */
function isPooled(block: number, height: number, { stem }: StemOptions): boolean {
  if (stem === 'imagenet' || block < 3) return true;
  return block === 3 && height >= largeImage;
}

/** Half the resolution; what is one pixel high or wide stays so. */
const halve = (map: Tensor): Tensor =>
  maxPool(map, { kernel: [Math.min(2, map.shape[2]!), Math.min(2, map.shape[3]!)] });

/** What tells the members of the family apart. */
export interface Vgg {
  readonly id: string;
  /** Convolutions of each of the five blocks. */
  readonly convolutions: readonly [number, number, number, number, number];
}

/**
 * A VGG with batch normalisation and one linear classifier as RepDistiller publishes it. A max pool follows each of the
 * first three blocks, and the fourth where images are 64 pixels high or more (the published code: exactly 64). With the stem
 * `imagenet` one follows every block, as in the paper; the map behind the fifth is `last-map`.
 *
 * Taps: `stem` and `stage1`-`stage4`, the blocks behind their last ReLU; `stage1.preact`-`stage4.preact` before it;
 * `last-map`, which is pooled over all positions.
 */
export function vgg({ id, convolutions }: Vgg): Backbone<StemOptions> {
  const layers = convolutions.reduce((sum, count) => sum + count, 0) + convolutions.length - 2;
  return defineBackbone({
    id,
    description: `VGG with batch normalisation, ${layers} layers as the paper counts them`,
    cite: 'arXiv:1409.1556; HobbitLong/RepDistiller:models/vgg.py',
    options: stemOptions('cifar', {
      cifar: 'max pools behind the first three blocks, four from 64 pixels on',
      imagenet: 'behind all five',
    }),
    namings: namingsOf(convolutions),
    encode(m, image, options) {
      let x = image;
      for (const [i, width] of widths.entries()) {
        const sum = m.block(`block${i}`, (b) => stackedConvolutions(b, x, width, convolutions[i]!));
        if (i > 0) m.tap(`stage${i}.preact`, sum);
        const map = m.tap(i === 0 ? 'stem' : `stage${i}`, relu(sum));
        x = isPooled(i, image.shape[2]!, options) ? halve(map) : map;
      }
      return globalAveragePool(m.tap('last-map', x));
    },
    classify: (m, embedding, classes) =>
      m.linear('classifier', embedding, { out: classes, init: normal(0.01), biasInit: zeros }),
  });
}

/** 3x3 convolutions with batch norm, a ReLU between each two; layers are numbered as if each ReLU were one. */
function stackedConvolutions(m: Scope, input: Tensor, width: number, count: number): Tensor {
  let x = input;
  for (let i = 0; i < count; i++) {
    const conv = m.conv(3 * i, i === 0 ? x : relu(x), {
      out: width,
      kernel: 3,
      padding: 1,
      bias: true,
      init: kaimingNormal('out'),
      biasInit: zeros,
    });
    x = m.batchNorm(3 * i + 1, conv);
  }
  return x;
}
