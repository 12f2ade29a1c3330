import { defineAugmentation } from '@limbeck/core';
import { z } from 'zod';

/** Mirrors the image left to right with probability `p`. */
export const flip = defineAugmentation({
  id: 'flip',
  description: 'mirror left to right with probability p',
  options: z.strictObject({
    /** Probability, 0 to 1. */
    p: z.number().min(0).max(1).default(0.5),
  }),
  create({ p }: { p: number }, [channels, height, width]) {
    const rows = channels * height;
    return (image, random) => {
      if (random.uniform() >= p) return;
      for (let row = 0; row < rows; row++) {
        let left = row * width;
        let right = left + width - 1;
        while (left < right) {
          const pixel = image[left]!;
          image[left++] = image[right]!;
          image[right--] = pixel;
        }
      }
    };
  },
});
