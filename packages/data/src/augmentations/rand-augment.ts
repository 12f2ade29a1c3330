import { defineAugmentation } from '@limbeck/core';
import { z } from 'zod';
import { rotate, shearX, shearY, translateX, translateY } from './affine-changes.js';
import {
  brighten,
  type Change,
  contrasting,
  darkening,
  desaturating,
  equalizing,
  flattening,
  posterizing,
  softening,
  solarizing,
  spreading,
} from './tone-changes.js';

/**
 * Some changes one after another, each drawn from the same list of twelve with a strength of its own: the strong
 * augmentation after RandAugment (Cubuk et al., NeurIPS 2020), strengths drawn uniformly as FixMatch does. On the list:
 * nothing, auto-contrast, equalise, brightness, contrast, posterise, solarise, rotation, shear and translation along both
 * axes. Colour saturation and sharpness of the published lists are left out: images may have any number of channels.
 *
 * `list: 'fixmatch'` is the list of fourteen that FixMatch (Sohn et al., NeurIPS 2020) and the methods after it draw from: brightness,
 * contrast, saturation and sharpness by factors of 0.05 to 0.95, the rest as above. Saturation leaves images alone that have not three channels.
 */
export const randAugment = defineAugmentation({
  id: 'rand-augment',
  description: 'some random changes of tone and geometry, one after another',
  options: z.strictObject({
    count: z.int().positive().default(2).describe('changes an image goes through'),
    magnitude: z
      .number()
      .gt(0)
      .max(1)
      .default(1)
      .describe('largest strength; 1 is 30 degrees, 0.3 of a side, a factor of 0.1 or 1.9'),
    list: z
      .enum(['any-channels', 'fixmatch'])
      .default('any-channels')
      .describe('changes to draw from: twelve for images of any channels, or the fourteen of FixMatch'),
  }),
  create(
    { count, magnitude, list }: { count: number; magnitude: number; list: 'any-channels' | 'fixmatch' },
    shape,
  ) {
    const [channels] = shape;
    const changes: readonly Change[] = [
      () => undefined,
      spreading(channels),
      equalizing(channels),
      ...(list === 'fixmatch'
        ? [darkening, flattening(channels), desaturating(channels), softening(shape)]
        : [brighten, contrasting(channels)]),
      posterizing,
      solarizing,
      rotate(shape),
      shearX(shape),
      shearY(shape),
      translateX(shape),
      translateY(shape),
    ];
    return (image, random) => {
      for (let i = 0; i < count; i++) {
        const change = changes[random.int(changes.length)]!;
        change(image, magnitude * (2 * random.uniform() - 1));
      }
    };
  },
});
