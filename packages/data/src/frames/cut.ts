import { type Frame, LimbeckError } from '@limbeck/core';
import type { Raster } from '../decode/raster.js';
import { resample } from './resample.js';

/**
 * Applies a frame: cuts its window out, black where it lies outside the picture, and scales it.
 *
 * @throws LimbeckError PRECONDITION where a window that is scaled lies outside
 */
export function cut(raster: Raster, frame: Frame): Raster {
  const { left, top, width, height, outWidth, outHeight } = frame;
  if (outWidth !== width || outHeight !== height) {
    const isInside = left >= 0 && top >= 0 && left + width <= raster.width && top + height <= raster.height;
    if (isInside && width > 0 && height > 0 && outWidth > 0 && outHeight > 0) return resample(raster, frame);
    throw new LimbeckError(
      'PRECONDITION',
      `a window of ${width} x ${height} at (${left}, ${top}) cannot be scaled to ${outWidth} x ${outHeight}: the picture has ${raster.width} x ${raster.height} pixels`,
      { hint: 'keep windows that are scaled inside the picture' },
    );
  }
  if (left === 0 && top === 0 && width === raster.width && height === raster.height) return raster;
  const { channels } = raster;
  const data = new Uint8Array(width * height * channels);
  const first = Math.max(0, left);
  const end = Math.min(raster.width, left + width);
  for (let row = Math.max(0, top); end > first && row < Math.min(raster.height, top + height); row++) {
    const from = (row * raster.width + first) * channels;
    const part = raster.data.subarray(from, from + (end - first) * channels);
    data.set(part, ((row - top) * width + first - left) * channels);
  }
  return { data, width, height, channels };
}
