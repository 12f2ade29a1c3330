import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  type DatasetContext,
  defineDataset,
  LimbeckError,
  noTargets,
  type OpenDataset,
  type Split,
  type Targets,
} from '@limbeck/core';
import { indexFolder, indexPictures, isPictureName, openZip, readRegularFile } from '@limbeck/formats';
import { z } from 'zod';
import { type ArchivedPicture, listedSplit, listPictures } from './archive-listing.js';
import { badData } from './idx.js';
import { sortedWnids, wnidTargets } from './wnids.js';

interface Options {
  readonly path?: string | undefined;
}

const id = 'tiny-imagenet-200';

/** Size and SHA-256 as several public repositories record them for the published file. */
const archive = {
  name: 'tiny-imagenet-200.zip',
  size: 248_100_043,
  sha256: '6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821',
  urls: ['http://cs231n.stanford.edu/tiny-imagenet-200.zip'],
};

/** Bytes of an archive, at most: twice the published one, for one packed again. */
const largest = 2 * archive.size;
const annotations = 'val/val_annotations.txt';

/**
 * Tiny-ImageNet-200 (Stanford's course CS231n, 2015): 64 x 64 photographs, 500 of each class to learn from and 50 to validate. Its
 * validation pictures lie in one folder, with their classes in a table; its test pictures have no labels. Classes are in the order
 * of their sorted ids, as torchvision's `ImageFolder` has them.
 */
export const tinyImageNet = defineDataset<Options>({
  id,
  description:
    'Tiny-ImageNet-200: 100,000 training and 10,000 validation photographs, 64 x 64 in colour, 200 classes.',
  options: z.strictObject({
    path: z
      .string()
      .min(1)
      .optional()
      .describe('the archive, or the folder it was unpacked to. Absent: as fetched'),
  }),
  files: [archive],
  async open(
    { path: given }: Options,
    { dataDir, cacheDir, report, afresh }: DatasetContext,
  ): Promise<OpenDataset> {
    const place = given === undefined ? path.join(dataDir, id, archive.name) : path.resolve(given);
    const found = await stat(place).catch(() => undefined);
    if (found === undefined) {
      throw new LimbeckError('NOT_FOUND', `${id} is not in ${place}`, {
        hint: `run 'limbeck data fetch ${id}', or name the archive with the option 'path'`,
        details: { id, path: place },
      });
    }
    report?.(`indexing ${place}`);
    const kept = { cacheDir, afresh };
    return found.isDirectory() ? openFolder(place, kept) : openArchive(place, found.size, kept);
  },
});

/** The pictures, wherever they lie. */
interface Pictures {
  readonly place: string;
  readonly fingerprint: string;
  readonly paths: readonly string[];
  /** The table of validation pictures. */
  readonly annotations: string | undefined;
  split(pictures: readonly number[], targets: Targets): Split;
}

/** What is kept of a folder or an archive, and whether it counts. */
type Kept = Pick<DatasetContext, 'cacheDir' | 'afresh'>;

async function openFolder(root: string, kept: Kept): Promise<OpenDataset> {
  const index = await indexPictures(root, kept);
  return openPictures({
    place: root,
    fingerprint: index.fingerprint,
    paths: Array.from({ length: index.length }, (_, file) => index.path(file)),
    annotations: await readFile(path.join(root, annotations), 'utf8').catch(() => undefined),
    split: (pictures, targets) => ({ ...index.pick(Uint32Array.from(pictures)), targets }),
  });
}

async function openArchive(file: string, size: number, { cacheDir, afresh }: Kept): Promise<OpenDataset> {
  if (size > largest) throw badData(file, `has ${size} bytes, published are ${archive.size}`);
  const index = await indexFolder(path.dirname(file), {
    purpose: path.basename(file),
    accept: (name) => name === path.basename(file),
    isDeep: false,
    cacheDir,
    afresh,
  });
  const zip = openZip(await readRegularFile(file), file);
  const listing = await listPictures(
    function* (): Generator<ArchivedPicture> {
      for (const name of zip.names) {
        if (isPictureName(name)) yield { name, place: zip.placeOf(name), bytes: zip.read(name) };
      }
    },
    { hash: index.hash(0), cacheDir },
  );
  const table = zip.names.find((name) => name.endsWith(annotations));
  return openPictures({
    place: file,
    fingerprint: index.fingerprint,
    // below the folder that everything lies in
    paths: listing.names.map((name) => name.slice(name.indexOf('/') + 1)),
    annotations: table && Buffer.from(zip.read(table)).toString('utf8'),
    split: (pictures, targets) => listedSplit(file, listing, pictures, targets),
  });
}

function openPictures({ place, fingerprint, paths, annotations: text, split }: Pictures): OpenDataset {
  const training: number[] = [];
  const wnids: string[] = [];
  const validation: number[] = [];
  const tested: number[] = [];
  paths.forEach((own, picture) => {
    const [part, folder] = own.split('/');
    if (part === 'train' && folder !== undefined) {
      training.push(picture);
      wnids.push(folder);
    } else if (part === 'val') validation.push(picture);
    else if (part === 'test') tested.push(picture);
  });
  if (training.length === 0) throw badData(place, 'has no pictures in train/: it is no Tiny-ImageNet-200');
  if (text === undefined) throw badData(place, `has no ${annotations}`);
  const wnidOf = new Map(text.split('\n').map((line) => line.split('\t') as [string, string]));
  const classes = sortedWnids(wnids);
  const named = (pictures: readonly number[]) => (i: number) => `${place}: ${paths[pictures[i]!]}`;
  const validated = validation.map((picture) => {
    const parts = paths[picture]!.split('/');
    // put into folders by class, as many scripts do, or as published
    return parts[1] === 'images' ? wnidOf.get(parts.at(-1)!) : parts[1];
  });
  return {
    classes: classes.length,
    classNames: classes,
    train: split(training, wnidTargets(wnids, classes, named(training))),
    splits: {
      validation: split(validation, wnidTargets(validated, classes, named(validation))),
      ...(tested.length > 0 && { test: split(tested, noTargets) }),
    },
    fingerprint,
  };
}
