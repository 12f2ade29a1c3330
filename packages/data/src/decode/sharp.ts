import type { Sharp } from 'sharp';
import type { PictureFormat } from './format.js';
import { hasJpegEnd, jpegComponents } from './jpeg.js';
import { largestPicture, refuseLarge } from './limits.js';
import type { Raster } from './raster.js';

type Library = typeof import('sharp').default;

let library: Library | undefined;

/** Loaded when the first picture is decoded. Each picture takes one core, since many are decoded at once. */
async function load(): Promise<Library> {
  if (library === undefined) {
    library = (await import('sharp')).default;
    library.concurrency(1);
    library.cache(false);
  }
  return library;
}

/** Everything but BMP. */
export async function decodeBySharp(bytes: Uint8Array, format: PictureFormat, name: string): Promise<Raster> {
  const sharp = await load();
  const image = (failOn: 'error' | 'warning') =>
    sharp(bytes, { autoOrient: true, failOn, ignoreIcc: true, limitInputPixels: largestPicture });
  if (await isCmyk(image('error'), bytes, format)) return fromCmyk(image('warning'));
  try {
    return await plain(image('warning'));
  } catch (error) {
    const { width, height } = await sharp(bytes, { limitInputPixels: false }).metadata();
    refuseLarge(name, width, height);
    // published pictures have odd markers that every decoder passes over; one that lacks its end is another matter
    if (format === 'jpeg' && hasJpegEnd(bytes)) return plain(image('error'));
    throw error;
  }
}

/** Metadata cost a tenth of decoding, so they are asked for only where they matter. */
async function isCmyk(image: Sharp, bytes: Uint8Array, format: PictureFormat): Promise<boolean> {
  if (format === 'jpeg') return jpegComponents(bytes) === 4;
  return format === 'tiff' && (await image.metadata()).space === 'cmyk';
}

async function plain(image: Sharp): Promise<Raster> {
  const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const { channels, width, height } = info;
  const shown = channels < 3 ? 1 : 3;
  const pixels = channels === shown ? data : firstChannels(data, channels, shown);
  return { data: pixels, width, height, channels: shown };
}

async function fromCmyk(image: Sharp): Promise<Raster> {
  const { data, info } = await image
    .pipelineColourspace('cmyk')
    .toColourspace('cmyk')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const into = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < into.length; from += channels, to += 3) {
    const light = 255 - data[from + 3]!;
    for (let ink = 0; ink < 3; ink++) into[to + ink] = Math.round(((255 - data[from + ink]!) * light) / 255);
  }
  return { data: into, width, height, channels: 3 };
}

/** Drops what comes after the first channels of a pixel: transparency. */
function firstChannels(data: Uint8Array, channels: number, kept: 1 | 3): Uint8Array {
  const pixels = data.length / channels;
  const into = new Uint8Array(pixels * kept);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < kept; channel++)
      into[pixel * kept + channel] = data[pixel * channels + channel]!;
  }
  return into;
}
