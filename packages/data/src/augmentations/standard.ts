import type { Augmentation } from '@limbeck/core';
import { centerCrop } from '../frames/center-crop.js';
import { toGrey, toRgb } from '../frames/channels.js';
import { randomResizedCrop } from '../frames/random-resized-crop.js';
import { resize } from '../frames/resize.js';
import { cutout } from './cutout.js';
import { flip } from './flip.js';
import { padCrop } from './pad-crop.js';
import { randAugment } from './rand-augment.js';

/** The changes to samples that every run may use. */
// biome-ignore lint/suspicious/noExplicitAny: every change brings an option type of its own
export const standardAugmentations: readonly Augmentation<any>[] = [
  padCrop,
  flip,
  randAugment,
  cutout,
  resize,
  centerCrop,
  randomResizedCrop,
  toGrey,
  toRgb,
];
