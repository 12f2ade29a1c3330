import { type StemOptions, stemOptions } from '@limbeck/core';
import { maxPool, relu, type Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';

/** Channels of the first map. */
export const stemWidth = 24;

/** What every ShuffleNet takes. */
export const options = stemOptions('cifar', {
  cifar: '1x1, stride 1',
  imagenet: '3x3, stride 2, and max pool, as in the papers',
});

/** The first map: all of the resolution, or a quarter of it. */
export function stemMap(m: Scope, image: Tensor, { stem }: StemOptions): Tensor {
  const shape = stem === 'cifar' ? { kernel: 1 } : { kernel: 3, stride: 2, padding: 1 };
  const map = relu(m.batchNorm('bn1', m.conv('conv1', image, { out: stemWidth, ...shape })));
  return stem === 'cifar' ? map : maxPool(map, { kernel: 3, stride: 2, padding: 1 });
}
