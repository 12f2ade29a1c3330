import { type Backbone, defineBackbone } from '@limbeck/core';
import { add, globalAveragePool, mean, mul, relu, type Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import { zeros } from '@limbeck/nn';
import { describe, expect, test } from 'vitest';
import { describeBackbone } from '../vitest.js';
import { type BackboneConformanceOptions, backboneConformance } from './conformance.js';

const convolution = (m: Scope, image: Tensor): Tensor => {
  const conv = m.conv('conv1', image, { out: 4, kernel: 3, padding: 1 });
  return m.tap('stage1', relu(m.batchNorm('bn1', conv)));
};

const sound = {
  id: 'sound',
  description: 'one convolution',
  encode: (m: Scope, image: Tensor) => globalAveragePool(convolution(m, image)),
  classify: (m: Scope, embedding: Tensor, classes: number) => m.linear('fc', embedding, { out: classes }),
};

const small: BackboneConformanceOptions = { image: [3, 8, 8] };

describeBackbone(defineBackbone(sound), {
  ...small,
  parameters: 3 * 4 * 9 + 8 + 50,
  taps: { stage1: [4, 8, 8], embedding: [4], logits: [10] },
});

/** Messages of the cases that fail, by name. */
async function faults(backbone: Backbone, options = small): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { name, run } of backboneConformance(backbone, options)) {
    await run().catch((error: Error) => {
      found[name] = error.message;
    });
  }
  return found;
}

describe('a planted fault is found by its case, which names it', () => {
  const planted: readonly [fault: string, change: Partial<Backbone>, found: string, message: RegExp][] = [
    [
      'an embedding that grows with the image',
      {
        encode: (m, image) => {
          const map = convolution(m, image);
          return globalAveragePool(map.shape[2] === 64 ? m.conv('extra', map, { out: 8, kernel: 1 }) : map);
        },
      },
      'images/3x64x64',
      /embedding of images \[2, 3, 64, 64\] in mode 'eval' is \[2, 8\], expected \[2, 4\]/,
    ],
    [
      'a parameter for training alone',
      {
        encode: (m, image) => {
          const embedding = globalAveragePool(convolution(m, image));
          return m.mode === 'train' ? add(embedding, m.parameter('shift', [4], zeros)) : embedding;
        },
      },
      'variables/the same in training and evaluation',
      /training and evaluation differ in 'parameter shift \[4\]'/,
    ],
    [
      'a parameter without a use',
      {
        encode: (m, image) => {
          m.parameter('idle', [4], zeros);
          return globalAveragePool(convolution(m, image));
        },
      },
      'training/gradients reach every parameter',
      /reads 'idle'/,
    ],
    [
      'a buffer that stays',
      {
        encode: (m, image) => add(globalAveragePool(convolution(m, image)), m.buffer('fixed', [4], zeros)),
      },
      'training/every buffer gets a new value',
      /'fixed'/,
    ],
    [
      'a stage that is no map',
      {
        encode: (m, image) => m.tap('stage2', globalAveragePool(convolution(m, image))),
      },
      'taps/stages are counted from 1, each a map of the batch',
      /'stage2' must be a map \[N, C, H, W\], not \[2, 4\]/,
    ],
    [
      'images that see each other',
      {
        encode: (m, image) => {
          const embedding = globalAveragePool(convolution(m, image));
          // weights by place: the first image counts for nothing
          return mul(embedding, add(mean(embedding), m.trace.graph.constant(places)));
        },
      },
      'evaluation/images do not see each other',
      /logits of an image change with the others of its batch/,
    ],
  ];
  const places = { dtype: 'float32', shape: [4, 1], data: Float32Array.of(0, 1, 2, 3) } as const;

  test.each(planted)('%s', async (_, change, name, message) => {
    const images = name.startsWith('images/') ? ([[3, 64, 64]] as const) : [];
    const found = await faults(defineBackbone({ ...sound, ...change }), { ...small, images });
    expect(found[name]).toMatch(message);
  });

  test('published counts and taps that are others', async () => {
    const found = await faults(defineBackbone(sound), {
      ...small,
      images: [],
      backend: false,
      parameters: 1,
      taps: { stage1: [4, 4, 4], embedding: [4], logits: [10], 'last-map': [4, 8, 8] },
    });
    expect(found).toEqual({
      'published/parameters': 'it has 166 parameters, 1 are published',
      'published/taps':
        "taps differ: 'stage1' is [4, 8, 8], expected [4, 4, 4]; 'last-map' is missing, expected [4, 8, 8]",
    });
  });
});
