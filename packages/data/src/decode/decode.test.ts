import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { resample } from '../frames/resample.js';
import { decodeImage } from './decode.js';
import { withChannels } from './raster.js';

interface Shown {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly data: string;
}

const folder = fileURLToPath(new URL('./pictures/', import.meta.url));
const { decoded, source, resized } = JSON.parse(await readFile(`${folder}expected.json`, 'utf8')) as {
  decoded: Record<string, Shown>;
  source: Shown;
  resized: (Shown & {
    filter: 'nearest' | 'bilinear' | 'bicubic' | 'lanczos';
    box: [number, number, number, number];
  })[];
};
const bytesOf = ({ data }: Shown) => new Uint8Array(Buffer.from(data, 'base64'));

/** Largest difference between two lists of bytes. */
const difference = (a: Uint8Array, b: Uint8Array): number =>
  a.length === b.length ? a.reduce((most, byte, i) => Math.max(most, Math.abs(byte - b[i]!)), 0) : Number.NaN;

describe('decodeImage', () => {
  test.each(Object.entries(decoded))('%s is what Pillow makes of it', async (name, expected) => {
    const raster = await decodeImage(await readFile(`${folder}${name}`), name);
    expect([raster.height, raster.width]).toEqual([expected.height, expected.width]);
    const shown = withChannels(raster, expected.channels);
    // CMYK is rounded once more by Pillow
    expect(difference(new Uint8Array(shown.data), bytesOf(expected))).toBeLessThanOrEqual(
      name === 'cmyk.jpg' ? 1 : 0,
    );
  });

  test.each([
    ['an empty file', async () => new Uint8Array(0), 'photo.jpg is empty'],
    ['text', async () => Buffer.from('hello, I am no picture'), 'photo.jpg is no picture that can be read'],
    ['SVG', async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'is no picture'],
    [
      'a picture cut short',
      async () => (await readFile(`${folder}rgb.png`)).subarray(0, 100),
      'photo.jpg is damaged or cut short',
    ],
    [
      'a JPEG cut short',
      async () => (await readFile(`${folder}rgb.jpg`)).subarray(0, 640),
      'photo.jpg is damaged or cut short',
    ],
    [
      'a picture of 30,000 x 30,000',
      async () => {
        const bytes = await readFile(`${folder}rgb.bmp`);
        bytes.writeInt32LE(30_000, 18);
        bytes.writeInt32LE(30_000, 22);
        return bytes;
      },
      'photo.jpg has 30000 x 30000 pixels; at most 100000000 are decoded',
    ],
    [
      'a PNG of 30,000 x 30,000',
      async () => {
        const bytes = await readFile(`${folder}rgb.png`);
        bytes.writeUInt32BE(30_000, 16);
        bytes.writeUInt32BE(30_000, 20);
        return bytes;
      },
      'photo.jpg',
    ],
  ])('%s is refused by name', async (_, bytes, message) => {
    const failure = decodeImage(await bytes(), 'photo.jpg');
    await expect(failure).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringContaining(message),
    });
  });
});

describe('resample', () => {
  test.each(resized)('$filter from $box to $width x $height is what Pillow makes of it', (expected) => {
    const { filter, box, width: outWidth, height: outHeight } = expected;
    const [left, top, right, bottom] = box;
    const raster = { ...source, data: bytesOf(source) };
    const frame = { left, top, width: right - left, height: bottom - top, outWidth, outHeight, filter };
    expect(difference(resample(raster, frame).data, bytesOf(expected))).toBe(0);
  });
});
