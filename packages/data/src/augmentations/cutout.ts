import { defineAugmentation } from '@limbeck/core';
import { z } from 'zod';

const byte = z.int().min(0).max(255);

/** Options of {@link cutout}. */
interface CutoutOptions {
  readonly size: number;
  readonly drawn: boolean;
  readonly fill: number | readonly number[];
}

/**
 * Blackens a square whose centre lies anywhere in the image, so that part of it may fall outside (DeVries and Taylor,
 * arXiv 1708.04552), or fills it with a colour. FixMatch draws the side of the square anew each time and fills it with grey:
 * `{ use: 'cutout', size: 0.5, drawn: true, fill: [125, 123, 114] }`.
 */
export const cutout = defineAugmentation({
  id: 'cutout',
  description: 'blacken or fill a square around a random place',
  options: z.strictObject({
    size: z
      .number()
      .gt(0)
      .max(1)
      .default(0.5)
      .describe("side of the square, as a share of the image's shorter side"),
    drawn: z.boolean().default(false).describe('draw the side anew each time, from 0 to `size`'),
    fill: z
      .union([byte, z.array(byte).min(1)])
      .default(0)
      .describe('value of each channel; their mean where the image has another number of them'),
  }),
  create({ size, drawn, fill }: CutoutOptions, [channels, height, width]) {
    const largest = size * Math.min(height, width);
    const values = typeof fill === 'number' ? [fill] : fill;
    const mean = Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
    return (image, random) => {
      const side = drawn ? Math.round(largest * random.uniform()) : Math.max(1, Math.round(largest));
      if (side === 0) return;
      const top = random.int(height) - (side >> 1);
      const left = random.int(width) - (side >> 1);
      const [first, last] = [Math.max(0, left), Math.min(width, left + side)];
      for (let channel = 0; channel < channels; channel++) {
        for (let row = Math.max(0, top); row < Math.min(height, top + side); row++) {
          const start = (channel * height + row) * width;
          const value = values.length === channels ? values[channel]! : mean;
          image.fill(value, start + first, start + last);
        }
      }
    };
  },
});
