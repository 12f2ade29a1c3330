import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { LimbeckError, type OpenDataset, type Split } from '@limbeck/core';
import { badData, readIdx } from './idx.js';

/** What a data set in the layout of MNIST holds. Files that hold anything else are refused. */
export interface IdxLayout {
  readonly id: string;
  /** Number of images of each split. */
  readonly samples: { readonly train: number; readonly test: number };
  /** [height, width]; there is one channel. */
  readonly imageSize: readonly [number, number];
  readonly classNames: readonly string[];
  readonly normalization: OpenDataset['normalization'];
}

/** Names of the four files, less the `.gz` they may carry. */
const fileNames = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
} as const;

type FilePaths = Record<keyof typeof fileNames, string>;

/**
 * Opens the four IDX files of the first folder that has them all, gzipped or not. Everything is read into memory.
 *
 * @param hint what to do when no folder has them
 * @throws LimbeckError `NOT_FOUND` (folders and missing files), `BAD_DATA` (the file and its fault)
 */
export async function openIdxDataset(
  layout: IdxLayout,
  folders: readonly string[],
  hint: string,
): Promise<OpenDataset> {
  const paths = await locate(layout.id, folders, hint);
  const { samples, imageSize, classNames } = layout;
  // One after the other, so that of several bad files it is always the same one that is reported.
  const train = await readSplit(layout, paths.trainImages, paths.trainLabels, samples.train);
  const test = await readSplit(layout, paths.testImages, paths.testLabels, samples.test);
  const fingerprint = createHash('sha256');
  for (const { pixels, labels } of [train, test]) fingerprint.update(pixels).update(labels);
  return {
    classes: classNames.length,
    classNames,
    imageShape: [1, ...imageSize],
    normalization: layout.normalization,
    train: createSplit(train, imageSize),
    test: createSplit(test, imageSize),
    fingerprint: `sha256:${fingerprint.digest('hex')}`,
  };
}

interface SplitBytes {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

async function readSplit(
  layout: IdxLayout,
  images: string,
  labels: string,
  samples: number,
): Promise<SplitBytes> {
  const pixels = await readShaped(images, [samples, ...layout.imageSize]);
  const classes = await readShaped(labels, [samples]);
  const outside = classes.findIndex((label) => label >= layout.classNames.length);
  if (outside !== -1) {
    throw badData(
      labels,
      `gives sample ${outside} the label ${classes[outside]}; there are ${layout.classNames.length} classes`,
    );
  }
  return { pixels, labels: classes };
}

/** The values of a file that must have this shape. */
async function readShaped(file: string, expected: readonly number[]): Promise<Uint8Array> {
  const size = expected.reduce((product, extent) => product * extent, 1);
  const { shape, values } = await readIdx(file, 4 + 4 * expected.length + size);
  if (shape.join() !== expected.join()) {
    throw badData(file, `has the shape [${shape.join(', ')}], expected is [${expected.join(', ')}]`);
  }
  return values;
}

function createSplit({ pixels, labels }: SplitBytes, [height, width]: readonly [number, number]): Split {
  const size = height * width;
  return {
    length: labels.length,
    labels: Int32Array.from(labels),
    read(index, into, offset) {
      if (!(index >= 0 && index < labels.length)) {
        throw new RangeError(`image ${index} is outside [0, ${labels.length})`);
      }
      into.set(pixels.subarray(index * size, (index + 1) * size), offset);
    },
  };
}

async function locate(id: string, folders: readonly string[], hint: string): Promise<FilePaths> {
  const missing: string[] = [];
  for (const folder of folders) {
    const found: Partial<FilePaths> = {};
    for (const [key, name] of Object.entries(fileNames) as [keyof FilePaths, string][]) {
      const candidates = [path.join(folder, `${name}.gz`), path.join(folder, name)];
      const present = await firstPresent(candidates);
      if (present === undefined) missing.push(candidates[0]!);
      else found[key] = present;
    }
    if (Object.keys(found).length === Object.keys(fileNames).length) return found as FilePaths;
  }
  throw new LimbeckError('NOT_FOUND', `${id} is not in ${folders.join(' nor in ')}`, {
    hint,
    details: { id, folders, missing },
  });
}

async function firstPresent(candidates: readonly string[]): Promise<string | undefined> {
  for (const candidate of candidates) {
    const present = await access(candidate).then(
      () => true,
      () => false,
    );
    if (present) return candidate;
  }
  return undefined;
}
