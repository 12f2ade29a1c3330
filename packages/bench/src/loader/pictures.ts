import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';

/** JPEG files of 500 x 375 pixels, smooth shapes with noise, in a folder of their own. */
export interface Pictures {
  readonly folder: string;
  readonly files: readonly string[];
  remove(): Promise<void>;
}

const [width, height] = [500, 375];

/** Writes so many pictures; they compress as photographs do, to some 60 kB. */
export async function makePictures(count: number): Promise<Pictures> {
  const folder = await mkdtemp(path.join(tmpdir(), 'limbeck-bench-'));
  const files: string[] = [];
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (let i = 0; i < count; i++) {
    const coarse = Buffer.from(Array.from({ length: 32 * 24 * 3 }, () => Math.floor(256 * random())));
    const smooth = await sharp(coarse, { raw: { width: 32, height: 24, channels: 3 } })
      .resize(width, height, { kernel: 'cubic', fit: 'fill' })
      .raw()
      .toBuffer();
    for (let at = 0; at < smooth.length; at++) {
      smooth[at] = Math.min(255, Math.max(0, smooth[at]! + Math.round(20 * (random() + random() - 1))));
    }
    const file = path.join(folder, `${i}.jpg`);
    await sharp(smooth, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 90 })
      .toFile(file);
    files.push(file);
  }
  return { folder, files, remove: () => rm(folder, { recursive: true }) };
}
