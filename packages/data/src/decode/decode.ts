import { isLimbeckError, LimbeckError } from '@limbeck/core';
import { decodeBmp } from './bmp.js';
import { pictureFormat } from './format.js';
import type { Raster } from './raster.js';
import { decodeBySharp } from './sharp.js';

/**
 * Decodes a picture as Pillow does: the first frame, turned as EXIF says, transparency and colour profiles ignored; 16 bits
 * a channel lose the lower 8; CMYK becomes R = (255 - C) (255 - K) / 255, and G and B likewise.
 *
 * @param name what messages call it: its path
 * @returns one channel for grey pictures, three for others
 * @throws LimbeckError BAD_DATA naming it, for what is no picture, damaged, cut short or too large
 */
export async function decodeImage(bytes: Uint8Array, name: string): Promise<Raster> {
  const format = pictureFormat(bytes);
  if (format === undefined) throw notAPicture(bytes, name);
  try {
    return await (format === 'bmp' ? decodeBmp(bytes, name) : decodeBySharp(bytes, format, name));
  } catch (cause) {
    if (isLimbeckError(cause)) throw cause;
    const reason = (cause as Error).message.replace(/\s+/g, ' ').trim();
    throw new LimbeckError('BAD_DATA', `${name} is damaged or cut short: ${reason}`, {
      hint: "replace or remove the file, or leave such files out with data.onError: 'skip'",
      details: { path: name },
      cause,
    });
  }
}

function notAPicture(bytes: Uint8Array, name: string): LimbeckError {
  const start = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const what =
    bytes.length === 0 ? 'is empty' : `is no picture that can be read: it begins with the bytes ${start}`;
  return new LimbeckError('BAD_DATA', `${name} ${what}`, {
    hint: "JPEG, PNG, WebP, GIF, BMP and TIFF are read; remove the file, or leave such files out with data.onError: 'skip'",
    details: { path: name },
  });
}
