import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { resample } from './resample.js';

interface Coded {
  readonly height: number;
  readonly width: number;
  readonly data: string;
}

const expected = fileURLToPath(new URL('./expected/torchvision.json', import.meta.url));
const { made, ...picture } = JSON.parse(await readFile(expected, 'utf8')) as Coded & {
  made: readonly (Coded & { filter: 'bilinear' | 'bicubic' })[];
};
const bytesOf = ({ data }: Coded) => new Uint8Array(Buffer.from(data, 'base64'));

test.each(made)('$filter to $width x $height is within a few levels of torchvision', (wanted) => {
  const { height, width } = picture;
  const { filter, height: outHeight, width: outWidth } = wanted;
  const raster = { data: bytesOf(picture), height, width, channels: 3 } as const;
  const { data } = resample(raster, { left: 0, top: 0, width, height, outWidth, outHeight, filter });
  const differences = [...bytesOf(wanted)].map((value, i) => Math.abs(value - data[i]!));
  expect(differences).toHaveLength(outWidth * outHeight * 3);
  const near = differences.filter((difference) => difference <= 2).length;
  expect(near / differences.length).toBeGreaterThanOrEqual(0.999);
  expect(Math.max(...differences)).toBeLessThanOrEqual(5);
});
