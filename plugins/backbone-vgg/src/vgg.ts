import { type Backbone, defineBackbone } from '@limbeck/core';
import { globalAveragePool, maxPool, relu, type Tensor } from '@limbeck/graph';
import { kaimingNormal, normal, type Scope, zeros } from '@limbeck/nn';

/** Channels of the five blocks. */
const widths = [64, 128, 256, 512, 512] as const;

/** From this height on the fourth block is followed by a max pool as well. */
const largeImage = 64;

/** What tells the members of the family apart. */
export interface Vgg {
  readonly id: string;
  /** Convolutions of each of the five blocks. */
  readonly convolutions: readonly [number, number, number, number, number];
}

/**
 * A VGG with batch normalisation and one linear classifier as RepDistiller publishes it. A max pool follows each of the
 * first three blocks, and the fourth where images are 64 pixels high or more (the published code: exactly 64).
 *
 * Taps: `stem` and `stage1`-`stage4`, the blocks behind their last ReLU; `stage1.preact`-`stage4.preact` before it;
 * `last-map`, which is `stage4`.
 */
export function vgg({ id, convolutions }: Vgg): Backbone {
  const layers = convolutions.reduce((sum, count) => sum + count, 0) + convolutions.length - 2;
  return defineBackbone({
    id,
    description: `VGG with batch normalisation, ${layers} layers as the paper counts them`,
    cite: 'arXiv:1409.1556; HobbitLong/RepDistiller:models/vgg.py',
    encode(m, image) {
      const isLarge = image.shape[2]! >= largeImage;
      let x = image;
      for (const [i, width] of widths.entries()) {
        const sum = m.block(`block${i}`, (b) => stackedConvolutions(b, x, width, convolutions[i]!));
        if (i > 0) m.tap(`stage${i}.preact`, sum);
        const map = m.tap(i === 0 ? 'stem' : `stage${i}`, relu(sum));
        x = i < 3 || (i === 3 && isLarge) ? maxPool(map, { kernel: 2 }) : map;
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
