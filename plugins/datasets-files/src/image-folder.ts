import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type DatasetContext, defineDataset, LimbeckError, noTargets, type OpenDataset } from '@limbeck/core';
import { byCodePoint, type FileIndex, indexPictures } from '@limbeck/formats';
import { z } from 'zod';
import { choiceFingerprint } from './choice-fingerprint.js';
import { badData } from './failure.js';
import { splitNames } from './split-names.js';

interface Options {
  readonly path: string;
  readonly labels: 'folders' | 'none';
  readonly classes?: number | undefined;
}

/** Folders that are splits, by the names they go under. */
const folderNames: Readonly<Record<string, string>> = { ...splitNames, training: 'train' };

/** Files of one split, by class where there are classes. */
interface Found {
  readonly files: number[];
  readonly classes: string[];
}

/**
 * A folder of pictures with a folder for each class, as torchvision's `ImageFolder` reads it: classes sorted by name, files
 * of a class by path, folders inside them included. Splits are folders above the classes.
 */
export const imageFolder = defineDataset<Options>({
  id: 'image-folder',
  description:
    'Your own pictures: a folder for each class, below train/, val/ and test/ or not; or pictures without labels.',
  options: z.strictObject({
    path: z.string().min(1).describe('the folder'),
    labels: z
      .enum(['folders', 'none'])
      .default('folders')
      .describe('`folders`: the first folder of a path is its class; `none`: any pictures'),
    classes: z
      .int()
      .positive()
      .optional()
      .describe("with labels: 'none': classes a teacher tells apart. Absent: 1"),
  }),
  files: [],
  async open({ path: given, labels, classes = 1 }, context: DatasetContext): Promise<OpenDataset> {
    const root = path.resolve(given);
    await requireFolder(root);
    const index = await indexPictures(root, context);
    if (index.length === 0) {
      throw badData(
        root,
        'has no pictures',
        'put JPEG, PNG, WebP, GIF, BMP or TIFF files there, or name another folder',
      );
    }
    const found = groupFiles(index, labels);
    return labels === 'none' ? unlabelled(index, found, classes) : labelled(index, found, root);
  },
});

async function requireFolder(root: string): Promise<void> {
  const found = await stat(root).catch(() => undefined);
  if (found?.isDirectory()) return;
  throw new LimbeckError('NOT_FOUND', `${root} ${found === undefined ? 'does not exist' : 'is no folder'}`, {
    hint: 'name the folder of your pictures with data.path; paths are relative to the working directory',
    details: { path: root },
  });
}

/** Files of each split, in the order of the index. Folders are splits where one of them is called `train`. */
function groupFiles(index: FileIndex, labels: Options['labels']): Map<string, Found> {
  const tops = new Set(index.columns.folders.map((folder) => folder.split('/', 1)[0]!));
  const hasSplits = [...tops].some((top) => folderNames[top.toLowerCase()] === 'train');
  const splits = new Map<string, Found>();
  // the parts of a folder are the same for all its files
  const places = index.columns.folders.map((folder) => {
    const parts = folder === '' ? [] : folder.split('/');
    const name = hasSplits ? folderNames[parts[0]?.toLowerCase() ?? ''] : 'train';
    return { split: name, label: parts[hasSplits ? 1 : 0] };
  });
  for (let file = 0; file < index.length; file++) {
    const { split, label } = places[index.columns.folderOf[file]!]!;
    // files beside the folders of splits or classes belong to none
    if (split === undefined || (labels === 'folders' && label === undefined)) continue;
    let found = splits.get(split);
    if (found === undefined) {
      found = { files: [], classes: [] };
      splits.set(split, found);
    }
    found.files.push(file);
    found.classes.push(label ?? '');
  }
  return splits;
}

function unlabelled(index: FileIndex, found: ReadonlyMap<string, Found>, classes: number): OpenDataset {
  return {
    classes,
    classNames: Array.from({ length: classes }, (_, label) => String(label)),
    splits: Object.fromEntries(
      [...found].map(([name, { files }]) => [
        name,
        { ...index.pick(Uint32Array.from(files)), targets: noTargets },
      ]),
    ),
    fingerprint: choiceFingerprint(index.fingerprint, { labels: 'none', classes }),
  };
}

function labelled(index: FileIndex, found: ReadonlyMap<string, Found>, root: string): OpenDataset {
  const training = found.get('train');
  if (training === undefined) {
    throw badData(
      root,
      'has pictures, but none in a folder for its class',
      "make a folder for each class, or say data.labels: 'none' for pictures without labels",
    );
  }
  const classNames = [...new Set(training.classes)].sort(byCodePoint);
  const labelOf = new Map(classNames.map((name, label) => [name, label]));
  const splits = [...found].map(([name, { files, classes }]) => {
    const stranger = classes.find((label) => !labelOf.has(label));
    if (stranger !== undefined) {
      throw badData(
        root,
        `has the class '${stranger}' in '${name}', which no training picture has`,
        'add it to the training pictures, or remove it',
      );
    }
    const values = Int32Array.from(classes, (label) => labelOf.get(label)!);
    // by class, and within one as they come
    const order = Int32Array.from(files.keys()).sort((a, b) => values[a]! - values[b]! || a - b);
    const sorted = Uint32Array.from(order, (i) => files[i]!);
    return [
      name,
      { ...index.pick(sorted), targets: { kind: 'index' as const, values: order.map((i) => values[i]!) } },
    ] as const;
  });
  const counts = new Map<string, number>();
  for (const name of training.classes) counts.set(name, (counts.get(name) ?? 0) + 1);
  const single = classNames.filter((name) => counts.get(name) === 1);
  return {
    classes: classNames.length,
    classNames,
    splits: Object.fromEntries(splits),
    fingerprint: index.fingerprint,
    ...(single.length > 0 && {
      notes: [
        `${single.length} ${single.length === 1 ? 'class has' : 'classes have'} one training picture: ${single.slice(0, 5).join(', ')}`,
      ],
    }),
  };
}
