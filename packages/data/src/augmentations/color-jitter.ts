import { defineAugmentation, LimbeckError } from '@limbeck/core';
import { z } from 'zod';
import { adjustHue } from './hue.js';
import { adjustBrightness, adjustContrast, adjustSaturation } from './tone.js';

type Range = readonly [number, number];

/** A number v for the factors [max(0, 1 - v), 1 + v], or both ends. */
const factors = z
  .union([
    z
      .number()
      .min(0)
      .transform((spread): [number, number] => [Math.max(0, 1 - spread), 1 + spread]),
    z
      .tuple([z.number().min(0), z.number().min(0)])
      .refine(([least, most]) => least <= most, 'expected the smaller number first'),
  ])
  .default([1, 1]);

const half = z.number().min(-0.5).max(0.5);

/**
 * Random brightness, contrast, saturation and hue in random order: torchvision's `ColorJitter`. Saturation and hue of grey
 * images stay as they are.
 */
export const colorJitter = defineAugmentation({
  id: 'color-jitter',
  description: 'random brightness, contrast, saturation and hue, in random order',
  options: z.strictObject({
    brightness: factors.describe('v for factors from max(0, 1 - v) to 1 + v, or [least, most]; absent: none'),
    contrast: factors.describe('as brightness'),
    saturation: factors.describe('as brightness'),
    hue: z
      .union([
        half.min(0).transform((most): [number, number] => [-most, most]),
        z.tuple([half, half]).refine(([least, most]) => least <= most, 'expected the smaller number first'),
      ])
      .default([0, 0])
      .describe('largest turn either way, a share of the circle up to 0.5, or [least, most]; absent: none'),
  }),
  create({ brightness, contrast, saturation, hue }: Options, [channels]) {
    if (channels !== 1 && channels !== 3) {
      throw new LimbeckError('PRECONDITION', `color-jitter: images have ${channels} channels`, {
        hint: 'it knows grey images and those of red, green and blue',
      });
    }
    const all = [
      { range: brightness, neutral: 1, change: adjustBrightness },
      {
        range: contrast,
        neutral: 1,
        change: (image: Uint8Array, factor: number) => adjustContrast(image, channels, factor),
      },
      {
        range: saturation,
        neutral: 1,
        change: (image: Uint8Array, factor: number) => adjustSaturation(image, channels, factor),
      },
      {
        range: hue,
        neutral: 0,
        change: (image: Uint8Array, turn: number) => adjustHue(image, channels, turn),
      },
    ];
    const used = all.filter(({ range, neutral }) => range[0] !== neutral || range[1] !== neutral);
    return (image, random) => {
      const left = [...used];
      while (left.length > 0) {
        const [{ range, change }] = left.splice(random.int(left.length), 1) as [(typeof used)[number]];
        change(image, range[0] + random.uniform() * (range[1] - range[0]));
      }
    };
  },
});

interface Options {
  readonly brightness: Range;
  readonly contrast: Range;
  readonly saturation: Range;
  readonly hue: Range;
}
