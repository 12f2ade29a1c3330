import { defineAugmentation } from '@limbeck/core';
import { z } from 'zod';
import { affine, turned } from './affine.js';

/** Turns the image about its middle by a random angle, as torchvision's `RandomRotation` does; its size stays. */
export const rotation = defineAugmentation({
  id: 'rotation',
  description: 'turn by a random angle; what comes in is black',
  options: z.strictObject({
    degrees: z
      .union([
        z
          .number()
          .min(0)
          .transform((most): [number, number] => [-most, most]),
        z
          .tuple([z.number(), z.number()])
          .refine(([least, most]) => least <= most, 'expected the smaller number first'),
      ])
      .describe('largest angle either way, or [least, most], against the clock'),
    filter: z
      .enum(['nearest', 'bilinear'])
      .default('nearest')
      .describe('how values between pixels are found'),
  }),
  create({ degrees: [least, most], filter }: Options, shape) {
    const move = affine(shape, filter);
    return (image, random) => move(image, turned(least + random.uniform() * (most - least)));
  },
});

interface Options {
  readonly degrees: readonly [number, number];
  readonly filter: 'nearest' | 'bilinear';
}
