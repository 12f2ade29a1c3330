import { type Stem as StemName, stemOptions } from '@limbeck/core';
import { maxPool, relu, type Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import { convInit } from './block.js';

/** Turns images into the first map. */
type Stem = (m: Scope, image: Tensor, width: number) => Tensor;

/** For small images: a 3x3 convolution that keeps the resolution. */
const thinStem: Stem = (m, image, width) => {
  const conv1 = m.conv('conv1', image, { out: width, kernel: 3, padding: 1, init: convInit });
  return relu(m.batchNorm('bn1', conv1));
};

/** For large images: a 7x7 convolution and a max pool, a quarter of the resolution. */
const wideStem: Stem = (m, image, width) => {
  const conv1 = m.conv('conv1', image, { out: width, kernel: 7, stride: 2, padding: 3, init: convInit });
  return maxPool(relu(m.batchNorm('bn1', conv1)), { kernel: 3, stride: 2, padding: 1 });
};

/** The stems by name. */
export const stems: Readonly<Record<StemName, Stem>> = { cifar: thinStem, imagenet: wideStem };

/** The options of a ResNet whose published stem is this one. */
export const optionsOf = (published: StemName) =>
  stemOptions(published, { cifar: '3x3, stride 1', imagenet: '7x7, stride 2, and max pool' });
