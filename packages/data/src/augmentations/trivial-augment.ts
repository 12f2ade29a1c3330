import { defineAugmentation, LimbeckError } from '@limbeck/core';
import { z } from 'zod';
import { type AffineMap, affine, turned } from './affine.js';
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  autoContrast,
  equalize,
  posterize,
  sharpness,
  solarize,
} from './tone.js';

/** A change on the list. */
interface Entry {
  readonly name: string;
  /** Its largest magnitude; magnitudes are spread evenly from 0 to it. */
  readonly most: number;
  /** Whether half of its magnitudes are negated. */
  readonly signed: boolean;
  readonly change: (image: Uint8Array, magnitude: number) => void;
}

/** The fourteen changes, with the magnitudes of the wide search space. @param shape [C, H, W] */
export function trivialChanges(shape: readonly [number, number, number]): readonly Entry[] {
  const [channels, height, width] = shape;
  const move = affine(shape);
  const sharpen = sharpness(shape);
  const moving = (name: string, most: number, mapOf: (magnitude: number) => AffineMap): Entry => ({
    ...{ name, most, signed: true },
    change: (image, magnitude) => move(image, mapOf(magnitude)),
  });
  const toned = (name: string, change: (image: Uint8Array, factor: number) => void): Entry => ({
    ...{ name, most: 0.99, signed: true },
    change: (image, magnitude) => change(image, 1 + magnitude),
  });
  const fixed = (name: string, change: (image: Uint8Array) => void): Entry => ({
    ...{ name, most: 0, signed: false, change },
  });
  return [
    fixed('identity', () => undefined),
    // about the corner, as torchvision has it
    moving('shear-x', 0.99, (m) => [1, m, (m * height) / 2, 0, 1, 0]),
    moving('shear-y', 0.99, (m) => [1, 0, 0, m, 1, (m * width) / 2]),
    moving('translate-x', 32, (m) => [1, 0, -Math.trunc(m), 0, 1, 0]),
    moving('translate-y', 32, (m) => [1, 0, 0, 0, 1, -Math.trunc(m)]),
    moving('rotate', 135, turned),
    toned('brightness', adjustBrightness),
    toned('color', (image, factor) => adjustSaturation(image, channels, factor)),
    toned('contrast', (image, factor) => adjustContrast(image, channels, factor)),
    toned('sharpness', sharpen),
    {
      ...{ name: 'posterize', most: 6, signed: false },
      change: (image, magnitude) => posterize(image, 8 - Math.round(magnitude)),
    },
    {
      ...{ name: 'solarize', most: 1, signed: false },
      change: (image, magnitude) => solarize(image, 255 * (1 - magnitude)),
    },
    fixed('auto-contrast', (image) => autoContrast(image, channels)),
    fixed('equalize', (image) => equalize(image, channels)),
  ];
}

/**
 * One change, drawn from a list of fourteen, of a magnitude drawn from 31: TrivialAugment (Müller and Hutter, ICCV 2021,
 * arXiv 2103.10158) with its wide search space, as torchvision's `TrivialAugmentWide` has it.
 */
export const trivialAugment = defineAugmentation({
  id: 'trivial-augment',
  description: 'one random change of tone or geometry, of random magnitude',
  options: z.strictObject({
    magnitudes: z.int().min(2).default(31).describe('magnitudes there are of each change'),
  }),
  create({ magnitudes }: { magnitudes: number }, shape) {
    if (shape[0] !== 1 && shape[0] !== 3) {
      throw new LimbeckError('PRECONDITION', `trivial-augment: images have ${shape[0]} channels`, {
        hint: 'it knows grey images and those of red, green and blue',
      });
    }
    const entries = trivialChanges(shape);
    return (image, random) => {
      const { most, signed, change } = entries[random.int(entries.length)]!;
      const magnitude = (most * random.int(magnitudes)) / (magnitudes - 1);
      change(image, signed && random.int(2) === 0 ? -magnitude : magnitude);
    };
  },
});
