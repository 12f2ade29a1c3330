import { defineAugmentation, LimbeckError, type SampleRandom } from '@limbeck/core';
import { z } from 'zod';

/** Draws before the image is left as it is. */
const attempts = 10;

const range = z
  .tuple([z.number().positive(), z.number().positive()])
  .refine(([least, most]) => least <= most, 'expected the smaller number first');
const level = z.number().min(0).max(255);

/**
 * Overwrites a rectangle of random area and shape at a random place, with some probability: torchvision's `RandomErasing`
 * (Zhong et al., AAAI 2020, arXiv 1708.04896). Values are bytes, since normalisation comes later.
 */
export const randomErasing = defineAugmentation({
  id: 'random-erasing',
  description: 'overwrite a rectangle of random area, shape and place',
  options: z.strictObject({
    p: z.number().min(0).max(1).default(0.5).describe('probability'),
    scale: range
      .refine(([, most]) => most <= 1, 'expected shares of the image')
      .default([0.02, 0.33])
      .describe('area of the rectangle, as a share of the image'),
    ratio: range.default([0.3, 3.3]).describe('height over width of the rectangle'),
    value: z
      .union([level, z.array(level).min(1), z.literal('random')])
      .default(0)
      .describe('byte that is written, one a channel, or `random` for noise'),
  }),
  create({ p, scale, ratio, value }: Options, [channels, height, width]) {
    if (Array.isArray(value) && value.length !== 1 && value.length !== channels) {
      throw new LimbeckError(
        'SHAPE_MISMATCH',
        `random-erasing: value has ${value.length} numbers, images have ${channels} channels`,
        { hint: 'give one number, or one a channel' },
      );
    }
    const levels = typeof value === 'number' ? [value] : value;
    const [lowest, highest] = [Math.log(ratio[0]), Math.log(ratio[1])];
    const draw = (random: SampleRandom) => {
      for (let attempt = 0; attempt < attempts; attempt++) {
        const area = height * width * (scale[0] + random.uniform() * (scale[1] - scale[0]));
        const aspect = Math.exp(lowest + random.uniform() * (highest - lowest));
        const h = Math.round(Math.sqrt(area * aspect));
        const w = Math.round(Math.sqrt(area / aspect));
        if (h >= height || w >= width) continue;
        return { h, w, top: random.int(height - h + 1), left: random.int(width - w + 1) };
      }
      return undefined;
    };
    return (image, random) => {
      if (random.uniform() >= p) return;
      const place = draw(random);
      if (place === undefined) return;
      const { top, left, h, w } = place;
      for (let channel = 0; channel < channels; channel++) {
        for (let row = top; row < top + h; row++) {
          const start = (channel * height + row) * width + left;
          if (levels !== 'random') image.fill(levels[channel % levels.length]!, start, start + w);
          else for (let at = start; at < start + w; at++) image[at] = random.int(256);
        }
      }
    };
  },
});

interface Options {
  readonly p: number;
  readonly scale: readonly [number, number];
  readonly ratio: readonly [number, number];
  readonly value: number | readonly number[] | 'random';
}
