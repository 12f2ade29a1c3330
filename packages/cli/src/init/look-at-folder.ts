import path from 'node:path';
import { type Dataset, LimbeckError, type Split, targetsOf } from '@limbeck/core';
import type { Host } from '@limbeck/core/host';
import { openSample } from '@limbeck/data';

/** What a folder of pictures holds, and what it makes of a configuration. */
export interface FolderFindings {
  /** As the user named it. */
  readonly folder: string;
  readonly classes: number;
  /** Pictures of each split that is there. */
  readonly splits: Readonly<Record<string, number>>;
  /** Training pictures of the smallest and the largest class. */
  readonly perClass: readonly [least: number, most: number];
  /** Middle width and height of the pictures that were looked at. */
  readonly size: readonly [width: number, height: number];
  /** Whether every picture that was looked at is grey. */
  readonly isGrey: boolean;
}

/** What is chosen for them. */
export interface FolderChoices extends FolderFindings {
  readonly imageSize: number;
  readonly batchSize: number;
  readonly evalBatchSize: number;
  readonly lr: number;
  /** Share of the training pictures to be evaluated on; undefined where there is a split for it. */
  readonly validation: number | undefined;
  readonly normalization: 'imagenet' | 'measure';
  readonly student: string;
  readonly teacher: string;
}

/** Pictures that are decoded to learn their sizes. */
const lookedAt = 48;

/**
 * Looks at a folder of pictures: classes, splits, and the sizes of some of them, evenly spread.
 *
 * @throws LimbeckError NOT_FOUND, BAD_DATA where it is no folder of pictures by class
 */
export async function lookAtFolder(folder: string, cwd: string, host: Host): Promise<FolderFindings> {
  const use = { use: 'image-folder', path: path.resolve(cwd, folder) };
  const { contribution, options } = host.use('datasets', use);
  const opened = await (contribution as Dataset).open(options, { dataDir: cwd });
  const { train, test, splits = {} } = opened;
  const all: Record<string, Split> = { ...(train && { train }), ...(test && { test }), ...splits };
  const training = all.train;
  if (training === undefined || training.length < 2) {
    throw new LimbeckError('BAD_DATA', `${folder} has ${training?.length ?? 0} training pictures`, {
      hint: 'put some pictures of each class into a folder called like the class',
    });
  }
  const targets = targetsOf(training);
  const counts = new Array<number>(opened.classes).fill(0);
  if (targets.kind === 'index') for (const label of targets.values) counts[label]!++;
  const number = Math.min(lookedAt, training.length);
  const shapes = await Promise.all(
    Array.from({ length: number }, async (_, i) => {
      const index = Math.floor((i * training.length) / number);
      const picture = await openSample(await training.open!(index), '').catch(() => undefined);
      return picture;
    }),
  );
  const readable = shapes.filter((shape) => shape !== undefined);
  if (readable.length === 0) {
    throw new LimbeckError('BAD_DATA', `none of ${number} pictures of ${folder} can be read`, {
      hint: 'JPEG, PNG, WebP, GIF, BMP and TIFF are read',
    });
  }
  return {
    folder,
    classes: opened.classes,
    splits: Object.fromEntries(Object.entries(all).map(([name, { length }]) => [name, length])),
    perClass: [Math.min(...counts), Math.max(...counts)],
    size: [middle(readable.map(({ width }) => width)), middle(readable.map(({ height }) => height))],
    isGrey: readable.every(({ channels }) => channels === 1),
  };
}

const middle = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;

/** Sizes that networks are trained at, from the shorter side of a picture on. */
const sizes = [
  { from: 160, imageSize: 224 },
  { from: 96, imageSize: 128 },
  { from: 48, imageSize: 64 },
  { from: 0, imageSize: 32 },
] as const;

/** Fewest pictures of a class from which a tenth is enough to be evaluated on. */
const enough = 20;

/** @param student what the user asks for */
export function chooseFor(
  found: FolderFindings,
  { student, imageSize: wanted }: { student?: string | undefined; imageSize?: number | undefined } = {},
): FolderChoices {
  const shorter = Math.min(...found.size);
  const imageSize = wanted ?? sizes.find(({ from }) => shorter >= from)!.imageSize;
  const isSmall = imageSize < 96;
  const isCut = found.splits.test === undefined && found.splits.validation === undefined;
  const validation = isCut ? (found.perClass[0] < enough ? 0.2 : 0.1) : undefined;
  const learnt = Math.floor(found.splits.train! * (1 - (validation ?? 0)));
  // eight steps an epoch at least, where there are pictures for it
  const fitting = 2 ** Math.floor(Math.log2(Math.max(8, learnt / 8)));
  const batchSize = Math.max(1, Math.min(isSmall ? 64 : 32, fitting, learnt));
  return {
    ...found,
    ...{ imageSize, batchSize, validation },
    evalBatchSize: Math.max(16, batchSize),
    lr: Number(((0.05 * batchSize) / 64).toPrecision(2)),
    normalization: found.isGrey ? 'measure' : 'imagenet',
    student: student ?? (isSmall ? 'resnet8x4' : 'mobilenet_v2'),
    teacher: isSmall ? 'resnet32x4' : 'resnet18',
  };
}
