import { defineAugmentation } from '@limbeck/core';
import { z } from 'zod';
import { filterOption, sidesOf, sizeOption } from './filter-option.js';

interface Options {
  readonly size: z.output<typeof sizeOption>;
  readonly scale: readonly [number, number];
  readonly ratio: readonly [number, number];
  readonly filter: z.output<typeof filterOption>;
}

/** Draws before the middle of the picture is taken instead. */
const attempts = 10;

const range = (low: number, high: number) =>
  z
    .tuple([z.number().positive(), z.number().positive()])
    .refine(([from, to]) => from <= to, 'expected the smaller number first')
    .default([low, high]);

/**
 * A window of random area and shape at a random place, scaled to one size: the usual training view of photographs
 * (Szegedy et al., CVPR 2015), drawn as torchvision's `RandomResizedCrop` draws it.
 */
export const randomResizedCrop = defineAugmentation({
  id: 'random-resized-crop',
  kind: 'frame',
  description: 'scale a window of random area, shape and place to one size',
  options: z.strictObject({
    size: sizeOption,
    scale: range(0.08, 1).describe('area of the window, as a share of the picture'),
    ratio: range(3 / 4, 4 / 3).describe('width over height of the window'),
    filter: filterOption,
  }),
  sizeOf: ({ size }: Options) => sidesOf(size),
  create: ({ size, scale, ratio, filter }: Options) => {
    const { height: outHeight, width: outWidth } = sidesOf(size);
    const out = { outHeight, outWidth, filter };
    const [lowest, highest] = [Math.log(ratio[0]), Math.log(ratio[1])];
    return ({ height, width }, random) => {
      const area = height * width;
      for (let attempt = 0; attempt < attempts; attempt++) {
        const target = area * (scale[0] + random.uniform() * (scale[1] - scale[0]));
        const aspect = Math.exp(lowest + random.uniform() * (highest - lowest));
        const w = Math.round(Math.sqrt(target * aspect));
        const h = Math.round(Math.sqrt(target / aspect));
        if (w > 0 && w <= width && h > 0 && h <= height) {
          const top = random.int(height - h + 1);
          const left = random.int(width - w + 1);
          return { left, top, width: w, height: h, ...out };
        }
      }
      const own = width / height;
      const w = own > ratio[1] ? Math.round(height * ratio[1]) : width;
      const h = own < ratio[0] ? Math.round(width / ratio[0]) : height;
      const [left, top] = [Math.trunc((width - w) / 2), Math.trunc((height - h) / 2)];
      return { left, top, width: w, height: h, ...out };
    };
  },
});
