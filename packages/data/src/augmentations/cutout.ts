import { defineAugmentation } from '@limbeck/core';
import { z } from 'zod';

/**
 * Blackens a square whose centre lies anywhere in the image, so that part of it may fall outside (DeVries and Taylor,
 * arXiv 1708.04552).
 */
export const cutout = defineAugmentation({
  id: 'cutout',
  description: 'blacken a square around a random place',
  options: z.strictObject({
    size: z
      .number()
      .gt(0)
      .max(1)
      .default(0.5)
      .describe("side of the square, as a share of the image's shorter side"),
  }),
  create({ size }: { size: number }, [channels, height, width]) {
    const side = Math.max(1, Math.round(size * Math.min(height, width)));
    return (image, random) => {
      const top = random.int(height) - (side >> 1);
      const left = random.int(width) - (side >> 1);
      const [first, last] = [Math.max(0, left), Math.min(width, left + side)];
      for (let channel = 0; channel < channels; channel++) {
        for (let row = Math.max(0, top); row < Math.min(height, top + side); row++) {
          const start = (channel * height + row) * width;
          image.fill(0, start + first, start + last);
        }
      }
    };
  },
});
