import { defineAugmentation, type PictureSize } from '@limbeck/core';
import { z } from 'zod';
import { filterOption } from './filter-option.js';

interface Options {
  readonly size: number | readonly [number, number];
  readonly filter: z.output<typeof filterOption>;
}

/** One number is the shorter side; the other follows, cut down to whole pixels as torchvision's `Resize` does. */
function sizeFor(size: Options['size'], given: PictureSize): PictureSize;
function sizeFor(size: Options['size'], given: PictureSize | undefined): PictureSize | undefined;
function sizeFor(size: Options['size'], given: PictureSize | undefined): PictureSize | undefined {
  if (typeof size !== 'number') return { height: size[0], width: size[1] };
  if (given === undefined) return undefined;
  const { height, width } = given;
  return height <= width
    ? { height: size, width: Math.max(1, Math.trunc((size * width) / height)) }
    : { height: Math.max(1, Math.trunc((size * height) / width)), width: size };
}

/** Scales the whole picture. */
export const resize = defineAugmentation({
  id: 'resize',
  kind: 'frame',
  isFixed: true,
  description: 'scale the picture: its shorter side, or height and width',
  options: z.strictObject({
    size: z
      .union([z.int().positive(), z.tuple([z.int().positive(), z.int().positive()])])
      .describe('pixels of the shorter side, or [height, width]'),
    filter: filterOption,
  }),
  sizeOf: ({ size }: Options, given) => sizeFor(size, given),
  create:
    ({ size, filter }: Options) =>
    ({ height, width }) => {
      const out = sizeFor(size, { height, width });
      return { left: 0, top: 0, width, height, outWidth: out.width, outHeight: out.height, filter };
    },
});
