import { createHash } from 'node:crypto';
import path from 'node:path';
import { defineDataset, type OpenDataset, type Split, type Targets } from '@limbeck/core';
import { fileBytes, kept, looksDamaged, pictureEndings, tarEntries } from '@limbeck/formats';
import { z } from 'zod';
import { choiceFingerprint } from './choice-fingerprint.js';
import { classesOfLabels, type LabelledPart, type RawLabel } from './class-labels.js';
import { badData } from './failure.js';
import { findShards } from './shard-files.js';

interface Options {
  readonly path: string;
  readonly labelKey: string;
  readonly classNames?: readonly string[] | undefined;
  readonly shuffleBuffer?: number | undefined;
}

/** Bytes of a picture in a shard, at most. */
const largestPicture = 512 << 20;

/** A sample of a shard. */
interface Listed {
  readonly key: string;
  readonly offset: number;
  readonly size: number;
  /** Of the picture. */
  readonly hash: string;
  /** 1 where the picture looks damaged. */
  readonly mark: number;
  readonly label?: RawLabel;
}

interface Place extends Listed {
  readonly shard: string;
}

/**
 * Tar shards in WebDataset's layout: the files of a sample share their name up to the first dot: `.jpg` (or another
 * picture) with `.cls` (a number) or `.json`. Shards are read where they lie. Samples are shuffled over all of them, or shard by shard
 * through a buffer.
 */
export const webDataset = defineDataset<Options>({
  id: 'webdataset',
  description:
    'Tar shards with .jpg, .cls and .json files, in folders train/, val/ and test/ or called train-000.tar.',
  options: z.strictObject({
    path: z.string().min(1).describe('the folder of the shards'),
    labelKey: z.string().min(1).default('label').describe('key of the label in .json files'),
    classNames: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('names of the classes. Absent: their numbers'),
    shuffleBuffer: z
      .int()
      .positive()
      .optional()
      .describe(
        'samples that are shuffled at a time, shard after shard, so that each shard is read from its beginning to its end. Absent: all',
      ),
  }),
  files: [],
  async open(
    { path: given, labelKey, classNames, shuffleBuffer },
    { cacheDir, report, afresh },
  ): Promise<OpenDataset> {
    const { shards, fingerprint } = await findShards(path.resolve(given), {
      ending: '.tar',
      wordsOf: (part) => /^[a-z]+/.exec(part) ?? [],
      cacheDir,
      afresh,
      report,
    });
    const places: Record<string, Place[]> = {};
    for (const { file: shard, split, hash } of shards) {
      report?.(`indexing ${shard}`);
      const listing = cacheDir && path.join(cacheDir, 'indexes', `${hash}-${labelKey}.samples.json`);
      const samples = await kept(listing, async () => samplesOf(shard, labelKey));
      places[split] ??= [];
      for (const sample of samples) places[split].push({ shard, ...sample });
    }
    const parts = Object.entries(places).map(
      ([split, own]): LabelledPart => ({
        split,
        labels: own.map(({ label }) => label),
        nameOf: (sample) => nameOf(own[sample]!),
      }),
    );
    const { names, targets } = classesOfLabels(parts, classNames);
    return {
      classes: names.length,
      classNames: names,
      splits: Object.fromEntries(
        Object.entries(places).map(([name, own]) => [name, splitOf(own, targets[name]!, shuffleBuffer)]),
      ),
      fingerprint: choiceFingerprint(fingerprint, {
        labelKey: labelKey === 'label' ? undefined : labelKey,
        classNames,
        shuffleBuffer,
      }),
    };
  },
});

const nameOf = ({ shard, key }: Place): string => `${shard}: ${key}`;

function splitOf(places: readonly Place[], targets: Targets, buffer: number | undefined): Split {
  return {
    length: places.length,
    targets,
    open: (sample) => {
      const { shard, offset, size } = places[sample]!;
      return { file: shard, offset, length: size };
    },
    nameOf: (sample) => nameOf(places[sample]!),
    hashOf: (sample) => places[sample]!.hash,
    ...(buffer !== undefined && { readTogether: { groups: groupsOf(places), buffer } }),
    suspects: places.flatMap(({ mark }, sample) => (mark === 0 ? [] : sample)),
  };
}

/** A number for the shard of every sample. */
function groupsOf(places: readonly Place[]): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(places, ({ shard }) => {
    const number = numbers.get(shard) ?? numbers.size;
    numbers.set(shard, number);
    return number;
  });
}

function samplesOf(shard: string, labelKey: string): Listed[] {
  const bytes = fileBytes(shard);
  const samples = new Map<string, { -readonly [K in keyof Listed]: Listed[K] }>();
  try {
    for (const { name, offset, size } of tarEntries(bytes.read, { source: shard, length: bytes.size })) {
      const dot = name.indexOf('.', name.lastIndexOf('/') + 1);
      if (dot < 0) continue;
      const [key, kind] = [name.slice(0, dot), name.slice(dot).toLowerCase()];
      const sample = samples.get(key) ?? { key, offset: -1, size: 0, hash: '', mark: 0 };
      samples.set(key, sample);
      if (pictureEndings.test(kind)) {
        if (size > largestPicture)
          throw badData(shard, `has ${size} bytes in '${name}'`, 'make the shard again');
        const content = bytes.read(offset, size);
        const hash = createHash('sha256').update(content).digest('hex').slice(0, 32);
        Object.assign(sample, { offset, size, hash, mark: looksDamaged(content, size) });
      } else if (kind === '.cls' || kind === '.json') {
        if (size > 1 << 20) throw badData(shard, `has ${size} bytes in '${name}'`, 'make the shard again');
        const text = Buffer.from(bytes.read(offset, size)).toString('utf8');
        sample.label =
          kind === '.cls'
            ? numberOrName(text.trim())
            : (labelIn(text, labelKey, `${shard}: ${name}`) ?? sample.label);
      }
    }
  } finally {
    bytes.close();
  }
  return [...samples.values()].filter(({ offset }) => offset >= 0);
}

const numberOrName = (text: string): RawLabel =>
  text === '' ? undefined : /^\d+$/.test(text) ? Number(text) : text;

function labelIn(text: string, key: string, name: string): number | string | undefined {
  try {
    const value = (JSON.parse(text) as Record<string, unknown> | null)?.[key];
    return typeof value === 'number' || typeof value === 'string' ? value : undefined;
  } catch (cause) {
    throw badData(name, `is no JSON: ${(cause as Error).message}`, 'make the shard again');
  }
}
