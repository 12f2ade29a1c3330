import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { type DatasetContext, defineDataset, LimbeckError } from '@limbeck/core';
import { openZip } from '@limbeck/formats';
import { z } from 'zod';
import { badData, readIdx, unpackIdx } from './idx.js';
import { type IdxFiles, type IdxLayout, idxDataset } from './idx-dataset.js';

interface Options {
  readonly path?: string | undefined;
  readonly part: keyof typeof parts;
}

/** As TensorFlow Datasets records it for the published file. */
const archive = {
  name: 'gzip.zip',
  size: 561_753_746,
  sha256: 'fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e',
  urls: [
    'https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip',
    'https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/gzip.zip',
  ],
};

const digits = [...'0123456789'];
const capitals = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const smalls = capitals.map((letter) => letter.toLowerCase());
// letters whose small and capital forms look alike are one class
const merged = [...digits, ...capitals, ...'abdefghnqrt'];

/** Classes of each part in the order of their labels, as its mapping file lists them. */
const parts = {
  balanced: { classNames: merged },
  byclass: { classNames: [...digits, ...capitals, ...smalls] },
  bymerge: { classNames: merged },
  // labels count from 1
  letters: { classNames: smalls, firstLabel: 1 },
  digits: { classNames: digits },
  mnist: { classNames: digits },
} satisfies Record<string, Pick<IdxLayout, 'classNames' | 'firstLabel'>>;

/**
 * EMNIST (Cohen et al., 2017, arXiv:1702.05373): handwritten letters and digits in six parts. Images are published with rows and
 * columns exchanged, and are turned upright here.
 */
export const emnist = defineDataset<Options>({
  id: 'emnist',
  description: 'EMNIST: handwritten letters and digits, 28 x 28 grey, 47 classes or others as `part` says.',
  options: z.strictObject({
    path: z
      .string()
      .min(1)
      .optional()
      .describe('the archive gzip.zip, or a folder of its files. Absent: as fetched'),
    part: z
      .enum(Object.keys(parts) as [Options['part'], ...Options['part'][]])
      .default('balanced')
      .describe('which of the published divisions'),
  }),
  files: [archive],
  async open({ path: given, part }: Options, { dataDir }: DatasetContext) {
    const place = given === undefined ? path.join(dataDir, 'emnist', archive.name) : path.resolve(given);
    const found = await stat(place).catch(() => undefined);
    if (found === undefined) {
      throw new LimbeckError('NOT_FOUND', `emnist is not in ${place}`, {
        hint: "run 'limbeck data fetch emnist', or name the archive with the option 'path'",
        details: { id: 'emnist', path: place },
      });
    }
    const find = found.isDirectory() ? await inFolder(place) : await inArchive(place, found.size);
    const file = (split: string, kind: string) => find(`emnist-${part}-${split}-${kind}-ubyte`);
    const files: IdxFiles = {
      trainImages: file('train', 'images-idx3'),
      trainLabels: file('train', 'labels-idx1'),
      testImages: file('test', 'images-idx3'),
      testLabels: file('test', 'labels-idx1'),
    };
    return idxDataset({ id: 'emnist', imageSize: [28, 28], isTransposed: true, ...parts[part] }, files);
  },
});

/** Finds one of the files by its name, less the `.gz` it may carry. */
type Find = (name: string) => IdxFiles[keyof IdxFiles];

async function inFolder(folder: string): Promise<Find> {
  const there = new Set(await readdir(folder));
  return (name) => {
    const own = [`${name}.gz`, name].find((candidate) => there.has(candidate));
    if (own === undefined) throw badData(folder, `has no ${name}.gz`);
    const file = path.join(folder, own);
    return { name: file, read: (maxBytes) => readIdx(file, maxBytes) };
  };
}

async function inArchive(file: string, size: number): Promise<Find> {
  // as large as published, and some for one packed again
  if (size > 2 * archive.size) throw badData(file, `has ${size} bytes, published are ${archive.size}`);
  const zip = openZip(await readFile(file), file);
  return (name) => {
    const own = zip.names.find((entry) => entry.endsWith(`/${name}.gz`) || entry === `${name}.gz`);
    if (own === undefined) throw badData(file, `has no ${name}.gz`);
    const called = `${file}: ${own}`;
    return { name: called, read: (maxBytes) => unpackIdx(zip.read(own), called, maxBytes) };
  };
}
