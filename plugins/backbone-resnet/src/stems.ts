import { maxPool, relu, type Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import { convInit } from './block.js';

/** Turns images into the first map. */
export type Stem = (m: Scope, image: Tensor, width: number) => Tensor;

/** For small images: a 3x3 convolution that keeps the resolution. */
export const thinStem: Stem = (m, image, width) => {
  const conv1 = m.conv('conv1', image, { out: width, kernel: 3, padding: 1, init: convInit });
  return relu(m.batchNorm('bn1', conv1));
};

/** For large images: a 7x7 convolution and a max pool, a quarter of the resolution. */
export const wideStem: Stem = (m, image, width) => {
  const conv1 = m.conv('conv1', image, { out: width, kernel: 7, stride: 2, padding: 3, init: convInit });
  return maxPool(relu(m.batchNorm('bn1', conv1)), { kernel: 3, stride: 2, padding: 1 });
};
