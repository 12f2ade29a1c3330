import { defineAugmentation } from '@limbeck/core';
import { z } from 'zod';
import { sidesOf, sizeOption } from './filter-option.js';

interface Options {
  readonly size: z.output<typeof sizeOption>;
}

/** Where a crop begins: half of what is left over, rounded as torchvision does; half of a border is rounded down. */
function halfOf(difference: number): number {
  if (difference < 0) return -Math.floor(-difference / 2);
  const floor = Math.floor(difference / 2);
  return difference % 2 === 0 ? floor : floor + (floor & 1);
}

/** Cuts the middle out; a picture that is too small gets a black border. */
export const centerCrop = defineAugmentation({
  id: 'center-crop',
  kind: 'frame',
  isFixed: true,
  description: 'cut the middle out; black where the picture is too small',
  options: z.strictObject({ size: sizeOption }),
  sizeOf: ({ size }: Options) => sidesOf(size),
  create: ({ size }: Options) => {
    const { height: outHeight, width: outWidth } = sidesOf(size);
    return ({ height, width }) => ({
      left: halfOf(width - outWidth),
      top: halfOf(height - outHeight),
      width: outWidth,
      height: outHeight,
      outWidth,
      outHeight,
      filter: 'nearest',
    });
  },
});
