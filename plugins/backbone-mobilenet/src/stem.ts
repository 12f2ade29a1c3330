import { type Stem, stemOptions } from '@limbeck/core';

/** Stride of the first convolution. Every published model, those for CIFAR included, takes 2. */
export const stemStride: Readonly<Record<Stem, number>> = { cifar: 1, imagenet: 2 };

/** What every MobileNet takes. */
export const options = stemOptions('imagenet', { cifar: '3x3, stride 1', imagenet: '3x3, stride 2' });
