import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { LimbeckError, type OpenDataset, type Split } from '@limbeck/core';
import { badData, type IdxArray, readIdx } from './idx.js';

/** What a data set in the layout of MNIST holds. Files that hold anything else are refused. */
export interface IdxLayout {
  readonly id: string;
  /** Number of images of each split. Left out: what the files say, up to a million. */
  readonly samples?: { readonly train: number; readonly test: number };
  /** [height, width]; there is one channel. */
  readonly imageSize: readonly [number, number];
  readonly classNames: readonly string[];
  readonly normalization?: OpenDataset['normalization'];
  /** Whether images are stored column by column. Default false. */
  readonly isTransposed?: boolean;
  /** Label of the first class. Default 0. */
  readonly firstLabel?: number;
}

/** The values of one of the four files, which may have at most so many bytes. */
export type IdxSource = (maxBytes: number) => Promise<IdxArray>;

/** The four files: what messages call each, and how it is read. */
export type IdxFiles = Readonly<
  Record<keyof typeof fileNames, { readonly name: string; readonly read: IdxSource }>
>;

/** The most images of a split where nothing is said. */
const mostImages = 1_000_000;

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
  const files = Object.fromEntries(
    Object.entries(paths).map(([key, name]) => [key, { name, read: (most: number) => readIdx(name, most) }]),
  ) as IdxFiles;
  return idxDataset(layout, files);
}

/**
 * Reads a data set from its four files, into memory.
 *
 * @throws LimbeckError `BAD_DATA` (the file and its fault)
 */
export async function idxDataset(layout: IdxLayout, files: IdxFiles): Promise<OpenDataset> {
  const { samples, imageSize, classNames } = layout;
  // One after the other, so that of several bad files it is always the same one that is reported.
  const train = await readSplit(layout, files.trainImages, files.trainLabels, samples?.train);
  const test = await readSplit(layout, files.testImages, files.testLabels, samples?.test);
  const fingerprint = createHash('sha256');
  for (const { pixels, labels } of [train, test]) fingerprint.update(pixels).update(labels);
  return {
    classes: classNames.length,
    classNames,
    imageShape: [1, ...imageSize],
    ...(layout.normalization && { normalization: layout.normalization }),
    train: createSplit(train, imageSize),
    test: createSplit(test, imageSize),
    fingerprint: `sha256:${fingerprint.digest('hex')}`,
  };
}

interface SplitBytes {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

type IdxFile = IdxFiles[keyof IdxFiles];

async function readSplit(
  layout: IdxLayout,
  images: IdxFile,
  labels: IdxFile,
  samples: number | undefined,
): Promise<SplitBytes> {
  const { imageSize, classNames, isTransposed = false, firstLabel = 0 } = layout;
  const found = await readShaped(images, [samples, ...imageSize]);
  const { values: stored } = await readShaped(labels, [found.shape[0]]);
  const outside = stored.findIndex((label) => label < firstLabel || label - firstLabel >= classNames.length);
  if (outside !== -1) {
    throw badData(
      labels.name,
      `gives sample ${outside} the label ${stored[outside]}; there are ${classNames.length} classes`,
    );
  }
  return {
    pixels: isTransposed ? transposed(found.values, imageSize) : found.values,
    labels: firstLabel === 0 ? stored : stored.map((label) => label - firstLabel),
  };
}

/** The values of a file that must have this shape; undefined stands for any number. */
async function readShaped(
  { name, read }: IdxFile,
  expected: readonly (number | undefined)[],
): Promise<IdxArray> {
  const size = expected.reduce<number>((product, extent) => product * (extent ?? mostImages), 1);
  const array = await read(4 + 4 * expected.length + size);
  const { shape } = array;
  if (shape.length !== expected.length || expected.some((extent, i) => (extent ?? shape[i]) !== shape[i])) {
    const wanted = expected.map((extent) => extent ?? 'any').join(', ');
    throw badData(name, `has the shape [${shape.join(', ')}], expected is [${wanted}]`);
  }
  return array;
}

/** Images with rows and columns exchanged. */
function transposed(pixels: Uint8Array, [height, width]: readonly [number, number]): Uint8Array {
  const size = height * width;
  const turned = new Uint8Array(pixels.length);
  for (let first = 0; first < pixels.length; first += size) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        turned[first + row * width + column] = pixels[first + column * height + row]!;
      }
    }
  }
  return turned;
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
