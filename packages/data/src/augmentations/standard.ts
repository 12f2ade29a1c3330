import type { Augmentation } from '@limbeck/core';
import { centerCrop } from '../frames/center-crop.js';
import { toGrey, toRgb } from '../frames/channels.js';
import { randomResizedCrop } from '../frames/random-resized-crop.js';
import { resize } from '../frames/resize.js';
import { colorJitter } from './color-jitter.js';
import { cutout } from './cutout.js';
import { flip } from './flip.js';
import { padCrop } from './pad-crop.js';
import { randAugment } from './rand-augment.js';
import { randomErasing } from './random-erasing.js';
import { rotation } from './rotation.js';
import { trivialAugment } from './trivial-augment.js';

/** The changes to samples that every run may use. */
// biome-ignore lint/suspicious/noExplicitAny: every change brings an option type of its own
export const standardAugmentations: readonly Augmentation<any>[] = [
  padCrop,
  flip,
  rotation,
  colorJitter,
  randAugment,
  trivialAugment,
  cutout,
  randomErasing,
  resize,
  centerCrop,
  randomResizedCrop,
  toGrey,
  toRgb,
];
