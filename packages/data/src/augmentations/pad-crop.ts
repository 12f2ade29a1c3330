import { defineAugmentation, LimbeckError } from '@limbeck/core';
import { z } from 'zod';

/**
 * Zero padding on every side, then a crop back to the image's own size at a random place: the image moves by up to
 * `pad` pixels each way and what moves in is black. The usual augmentation of small images (He et al., CVPR 2016,
 * section 4.2, with pad 4).
 */
export const padCrop = defineAugmentation({
  id: 'pad-crop',
  description: 'pad with zeros, then crop at a random place to the same size',
  options: z.strictObject({
    /** Pixels added on every side; less than the image's height and width. */
    pad: z.int().positive().default(4),
  }),
  create({ pad }: { pad: number }, [channels, height, width]) {
    if (pad >= height || pad >= width) {
      throw new LimbeckError(
        'PRECONDITION',
        `pad-crop: pad ${pad} could crop a ${height} x ${width} image away`,
        {
          hint: `choose a pad of at most ${Math.min(height, width) - 1}`,
        },
      );
    }
    const original = new Uint8Array(channels * height * width);
    return (image, random) => {
      const down = random.int(2 * pad + 1) - pad;
      const right = random.int(2 * pad + 1) - pad;
      original.set(image);
      image.fill(0);
      const firstColumn = Math.max(0, right);
      const lastColumn = Math.min(width, width + right);
      for (let channel = 0; channel < channels; channel++) {
        for (let row = Math.max(0, down); row < Math.min(height, height + down); row++) {
          const to = (channel * height + row) * width;
          const from = to - down * width - right;
          for (let column = firstColumn; column < lastColumn; column++) {
            image[to + column] = original[from + column]!;
          }
        }
      }
    };
  },
});
