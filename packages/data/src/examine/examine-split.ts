import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { type ImageShape, isLimbeckError, type Split, targetsOf } from '@limbeck/core';
import { decodeImage } from '../decode/decode.js';
import { readSample } from '../decode/open-sample.js';
import type { Picture } from '../pipeline/pipeline.js';
import type { BadSample } from '../prepare/scan.js';
import { PixelCounts } from './pixel-counts.js';

/** How a split is looked through. */
export interface ExamineOptions {
  /** Of splits whose pixels are in memory. */
  readonly imageShape: ImageShape | undefined;
  readonly classes: number;
  /** Samples that are looked at, evenly spread. Default: all. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Hears how many samples have been looked at. */
  readonly onProgress?: (done: number, all: number) => void;
}

/** What was found out about a split. */
export interface SplitFacts {
  readonly samples: number;
  /** Samples that were looked at. */
  readonly examined: number;
  /** Samples of each class, of all; undefined where samples have no single label. */
  readonly perClass: readonly number[] | undefined;
  /** Sizes of pictures and how many have each, the commonest first. */
  readonly sizes: readonly { readonly width: number; readonly height: number; readonly pictures: number }[];
  readonly grey: number;
  readonly colour: number;
  /** Of all pixels scaled to [0, 1], for each channel; grey counts for all three where there is colour as well. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Samples that cannot be loaded, in order. */
  readonly bad: readonly BadSample[];
  /** Half of the SHA-256 of every sample's content; undefined for those that were not looked at or are bad. */
  readonly hashes: readonly (string | undefined)[];
}

/**
 * Loads the samples of a split, every byte of them, and counts what they are.
 *
 * @throws whatever the signal says
 */
export async function examineSplit(split: Split, options: ExamineOptions): Promise<SplitFacts> {
  const { limit = split.length, signal, onProgress, classes } = options;
  const examined = Math.min(limit, split.length);
  const counts = new PixelCounts();
  const sizes = new Map<string, { width: number; height: number; pictures: number }>();
  const hashes: (string | undefined)[] = Array.from({ length: split.length }, () => undefined);
  const bad: BadSample[] = [];
  let [next, done] = [0, 0];
  const lane = async () => {
    while (next < examined) {
      const index = Math.floor((next++ * split.length) / examined);
      signal?.throwIfAborted();
      try {
        const { picture, hash } = await load(split, index, options.imageShape);
        hashes[index] = hash;
        counts.add(picture);
        const { width, height } = picture;
        const size = sizes.get(`${width} ${height}`) ?? { width, height, pictures: 0 };
        size.pictures++;
        sizes.set(`${width} ${height}`, size);
      } catch (error) {
        if (!isLimbeckError(error)) throw error;
        bad.push({ index, name: split.nameOf?.(index) ?? `sample ${index}`, reason: error.message });
      }
      onProgress?.(++done, examined);
    }
  };
  await Promise.all(Array.from({ length: Math.min(2 * availableParallelism(), examined) }, lane));
  return {
    samples: split.length,
    examined,
    perClass: perClassOf(split, classes),
    sizes: [...sizes.values()].sort((a, b) => b.pictures - a.pictures),
    ...counts.facts(),
    bad: bad.sort((a, b) => a.index - b.index),
    hashes,
  };
}

async function load(
  split: Split,
  index: number,
  imageShape: ImageShape | undefined,
): Promise<{ picture: Picture; hash: string }> {
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  if (split.open === undefined) {
    const [channels, height, width] = imageShape!;
    const planes = new Uint8Array(channels * height * width);
    split.read!(index, planes, 0);
    return { picture: { planes, channels, height, width }, hash: digest(planes) };
  }
  const sample = await split.open(index);
  if ('pixels' in sample) {
    const [channels, height, width] = sample.shape;
    return { picture: { planes: sample.pixels, channels, height, width }, hash: digest(sample.pixels) };
  }
  const bytes = 'bytes' in sample ? sample.bytes : await readSample(sample);
  const name = split.nameOf?.(index) ?? ('file' in sample ? sample.file : sample.name);
  return { picture: await decodeImage(bytes, name), hash: digest(bytes) };
}

function perClassOf(split: Split, classes: number): number[] | undefined {
  const targets = targetsOf(split);
  if (targets.kind !== 'index') return undefined;
  const counts = Array<number>(classes).fill(0);
  for (const label of targets.values) counts[label]!++;
  return counts;
}
