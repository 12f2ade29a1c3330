import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  type DatasetContext,
  defineDataset,
  LimbeckError,
  type OpenDataset,
  type Split,
  type Targets,
} from '@limbeck/core';
import { fileBytes, indexFolder, indexPictures, isPictureName, tarEntries } from '@limbeck/formats';
import { z } from 'zod';
import { type ArchivedPicture, listedSplit, listPictures } from './archive-listing.js';
import { badData } from './idx.js';
import { validationWnids } from './imagenet-devkit.js';
import { sortedWnids, wnidTargets } from './wnids.js';

interface Options {
  readonly path?: string | undefined;
}

const archives = { train: 'ILSVRC2012_img_train.tar', val: 'ILSVRC2012_img_val.tar' } as const;
/** Bytes of one picture, at most. */
const largestPicture = 512 << 20;

/**
 * ImageNet's ILSVRC 2012 (Russakovsky et al., 2015, arXiv:1409.0575), which has to be fetched by hand from image-net.org. Pictures are read
 * where they lie: in the archives as published or in folders by class. Classes are in the order of their sorted ids.
 */
export const imageNet = defineDataset<Options>({
  id: 'imagenet',
  description:
    'ImageNet (ILSVRC 2012): 1,281,167 training and 50,000 validation photographs, 1,000 classes. Fetched by hand, after registration.',
  options: z.strictObject({
    path: z
      .string()
      .min(1)
      .optional()
      .describe(
        'folder of train/ and val/, or of the published archives. Absent: imagenet/ among fetched data',
      ),
  }),
  files: [],
  async open({ path: given }: Options, context: DatasetContext): Promise<OpenDataset> {
    const root = given === undefined ? path.join(context.dataDir, 'imagenet') : path.resolve(given);
    const train = await picturesOf(root, 'train', context);
    if (train === undefined) {
      throw new LimbeckError('NOT_FOUND', `imagenet is not in ${root}`, {
        hint: `put train/ and val/ there, or ${archives.train}, ${archives.val} and the development kit from image-net.org`,
        details: { id: 'imagenet', path: root },
      });
    }
    const val = await picturesOf(root, 'val', context);
    const wnids = Array.from({ length: train.length }, (_, picture) => train.wnidOf(picture));
    const classes = sortedWnids(wnids.filter((wnid) => wnid !== undefined));
    const validation = val && (await validationSplit(val, root, classes));
    return {
      classes: classes.length,
      classNames: classes,
      train: train.split(wnidTargets(wnids, classes, train.nameOf)),
      ...(validation && { splits: { validation } }),
      fingerprint: [train, val].flatMap((found) => found?.fingerprint ?? []).join('+'),
    };
  },
});

/** Pictures of one part, in the order of their paths. */
interface Pictures {
  readonly length: number;
  readonly fingerprint: string;
  /** Undefined where a picture lies in no folder of a class. */
  wnidOf(picture: number): string | undefined;
  nameOf(picture: number): string;
  split(targets: Targets): Split;
}

async function validationSplit(val: Pictures, root: string, classes: readonly string[]): Promise<Split> {
  const own = Array.from({ length: val.length }, (_, picture) => val.wnidOf(picture));
  if (own.every((wnid) => wnid !== undefined)) return val.split(wnidTargets(own, classes, val.nameOf));
  const truth = await validationWnids(root);
  if (truth === undefined) {
    throw new LimbeckError('NOT_FOUND', `the classes of the validation pictures in ${root} are not known`, {
      hint: 'put ILSVRC2012_devkit_t12.tar.gz there, or the pictures into folders by class',
      details: { path: root },
    });
  }
  if (truth.length !== val.length) {
    throw badData(root, `has ${val.length} validation pictures, the development kit knows ${truth.length}`);
  }
  return val.split(wnidTargets(truth, classes, val.nameOf));
}

/** In a folder, in archives by class inside it, or in the published archive. */
async function picturesOf(
  root: string,
  part: keyof typeof archives,
  context: DatasetContext,
): Promise<Pictures | undefined> {
  const folder = path.join(root, part);
  const archive = path.join(root, archives[part]);
  if ((await stat(archive).catch(() => undefined))?.isFile()) return inArchive(archive, context);
  const names = await readdir(folder).catch(() => undefined);
  if (names === undefined || names.length === 0) return undefined;
  const inside = names.filter((name) => name.endsWith('.tar')).sort();
  if (inside.length === 0) return inFolder(folder, context);
  const parts: Pictures[] = [];
  for (const name of inside) parts.push(await inArchive(path.join(folder, name), context));
  return joined(parts);
}

async function inFolder(folder: string, context: DatasetContext): Promise<Pictures> {
  const index = await indexPictures(folder, context);
  const picked = index.pick(Uint32Array.from({ length: index.length }, (_, file) => file));
  return {
    length: index.length,
    fingerprint: index.fingerprint,
    wnidOf: (picture) => index.folder(picture).split('/', 1)[0] || undefined,
    nameOf: picked.nameOf,
    split: (targets) => ({ ...picked, targets }),
  };
}

async function inArchive(file: string, { cacheDir, report, afresh }: DatasetContext): Promise<Pictures> {
  report?.(`indexing ${file}`);
  const index = await indexFolder(path.dirname(file), {
    purpose: path.basename(file),
    accept: (name) => name === path.basename(file),
    isDeep: false,
    cacheDir,
    afresh,
  });
  const listing = await listPictures(() => picturesInTar(file), { hash: index.hash(0), cacheDir });
  const order = [...listing.names.keys()].sort((a, b) => (listing.names[a]! < listing.names[b]! ? -1 : 1));
  return {
    length: order.length,
    fingerprint: index.fingerprint,
    // named n01440764_18.JPEG, or ILSVRC2012_val_00000001.JPEG
    wnidOf: (picture) => /(?:^|\/)(n\d{8})_[^/]*$/.exec(listing.names[order[picture]!]!)?.[1],
    nameOf: (picture) => `${file}: ${listing.names[order[picture]!]}`,
    split: (targets) => listedSplit(file, listing, order, targets),
  };
}

/** Pictures of an archive, and of the archives inside it. */
function* picturesInTar(file: string): Generator<ArchivedPicture> {
  const bytes = fileBytes(file);
  try {
    for (const { name, offset, size } of tarEntries(bytes.read, { source: file, length: bytes.size })) {
      if (isPictureName(name)) yield pictureAt(name, offset, size);
      if (!name.endsWith('.tar')) continue;
      const source = `${file}: ${name}`;
      const inner = [...tarEntries(bytes.read, { source, start: offset, length: size })];
      for (const entry of inner) {
        if (isPictureName(entry.name)) yield pictureAt(`${name}/${entry.name}`, entry.offset, entry.size);
      }
    }
  } finally {
    bytes.close();
  }

  function pictureAt(name: string, offset: number, length: number): ArchivedPicture {
    if (length > largestPicture) throw badData(`${file}: ${name}`, `has ${length} bytes`);
    return { name, place: { offset, length }, bytes: bytes.read(offset, length) };
  }
}

/** Pictures of several archives, one after the other. */
function joined(parts: readonly Pictures[]): Pictures {
  const firsts: number[] = [];
  let length = 0;
  for (const part of parts) {
    firsts.push(length);
    length += part.length;
  }
  const find = (picture: number) => {
    const number = firsts.findLastIndex((first) => first <= picture);
    return [parts[number]!, picture - firsts[number]!] as const;
  };
  const ask = <Result>(picture: number, question: (part: Pictures, own: number) => Result): Result =>
    question(...find(picture));
  return {
    length,
    fingerprint: parts.map(({ fingerprint }) => fingerprint).join('+'),
    wnidOf: (picture) => ask(picture, (part, own) => part.wnidOf(own)),
    nameOf: (picture) => ask(picture, (part, own) => part.nameOf(own)),
    split(targets) {
      const splits = parts.map((part) => part.split(targets));
      const splitOf = (picture: number) => {
        const [part, own] = find(picture);
        return [splits[parts.indexOf(part)]!, own] as const;
      };
      return {
        length,
        targets,
        open: (picture) => {
          const [split, own] = splitOf(picture);
          return split.open!(own);
        },
        nameOf: (picture) => ask(picture, (part, own) => part.nameOf(own)),
        hashOf: (picture) => {
          const [split, own] = splitOf(picture);
          return split.hashOf!(own);
        },
        suspects: splits.flatMap((split, i) => (split.suspects ?? []).map((own) => own + firsts[i]!)),
      };
    },
  };
}
