import { type Backbone, defineBackbone, type Stem, type StemOptions, stemOptions } from '@limbeck/core';
import { globalAveragePool, maxPool, relu, type Tensor } from '@limbeck/graph';
import { type Scope, zeros } from '@limbeck/nn';
import { convInit, denseBlock, halve } from './dense-block.js';
import { namings } from './namings.js';

/** What tells the members of the family apart. */
export interface DenseNet {
  readonly id: string;
  /** Channels each layer adds. */
  readonly growth: number;
  /** Channels of the stem. */
  readonly stemWidth: number;
  /** Layers of the four blocks. */
  readonly layers: readonly [number, number, number, number];
}

/** The first map: a quarter of the resolution, or all of it. */
function stemMap(m: Scope, image: Tensor, width: number, stem: Stem): Tensor {
  const shape = stem === 'imagenet' ? { kernel: 7, stride: 2, padding: 3 } : { kernel: 3, padding: 1 };
  const map = relu(m.batchNorm('norm0', m.conv('conv0', image, { out: width, ...shape, init: convInit })));
  return stem === 'imagenet' ? maxPool(map, { kernel: 3, stride: 2, padding: 1 }) : map;
}

/**
 * A DenseNet with bottlenecks and compression as torchvision publishes it.
 *
 * Taps: `stem`, behind the max pool where there is one; `stage1`-`stage4`, each block's map behind the batch norm and ReLU
 * that come next; `stage1.preact`-`stage4.preact` before that ReLU; `last-map`, which is `stage4`.
 */
export function denseNet({ id, growth, stemWidth, layers }: DenseNet): Backbone<StemOptions> {
  const depth = 2 * layers.reduce((sum, count) => sum + count, 0) + layers.length + 1;
  return defineBackbone({
    id,
    description: `DenseNet, ${depth} layers, ${growth} channels a layer`,
    cite: 'arXiv:1608.06993; pytorch/vision:torchvision/models/densenet.py',
    options: stemOptions('imagenet', { cifar: '3x3, stride 1', imagenet: '7x7, stride 2, and max pool' }),
    namings,
    encode(m, image, { stem }) {
      const features = m.in('features');
      let x = m.tap('stem', stemMap(features, image, stemWidth, stem));
      for (const [i, count] of layers.entries()) {
        const stage = i + 1;
        const block = features.block(`denseblock${stage}`, (b) => denseBlock(b, x, count, growth));
        const normalize = (place: Scope, name: string) => {
          const preact = m.tap(`stage${stage}.preact`, place.batchNorm(name, block));
          return m.tap(`stage${stage}`, relu(preact));
        };
        x =
          stage === layers.length
            ? normalize(features, 'norm5')
            : features.block(`transition${stage}`, (t) => halve(t, normalize(t, 'norm')));
      }
      return globalAveragePool(m.tap('last-map', x));
    },
    classify: (m, embedding, classes) => m.linear('classifier', embedding, { out: classes, biasInit: zeros }),
  });
}
