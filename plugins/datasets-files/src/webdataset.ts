import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { defineDataset, LimbeckError, noTargets, type OpenDataset, type Split } from '@limbeck/core';
import { byCodePoint, tarEntries } from '@limbeck/formats';
import { z } from 'zod';
import { badData } from './failure.js';
import { fileBytes } from './file-bytes.js';
import { findShards, type Shard } from './find-shards.js';
import { isPictureName } from './pictures.js';

interface Options {
  readonly path: string;
  readonly labelKey: string;
  readonly classNames?: readonly string[] | undefined;
}

interface Place {
  readonly shard: string;
  readonly key: string;
  readonly offset: number;
  readonly size: number;
  readonly label: number | string | undefined;
}

/**
 * Tar shards in WebDataset's layout: the files of a sample share their name up to the first dot: `.jpg` (or another
 * picture) with `.cls` (a number) or `.json`. Shards are read where they lie; samples are shuffled over all of them.
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
  }),
  files: [],
  async open({ path: given, labelKey, classNames }, { report }): Promise<OpenDataset> {
    const root = path.resolve(given);
    const hash = createHash('sha256');
    const places: Record<string, Place[]> = {};
    for (const { file: shard, split } of await findTars(root)) {
      report?.(`indexing ${shard}`);
      await pipeline(createReadStream(shard), hash, { end: false });
      places[split] = [...(places[split] ?? []), ...samplesOf(shard, labelKey)];
    }
    const all = Object.values(places).flat();
    const labels = [...new Set(all.map(({ label }) => label))];
    if (labels.includes(undefined) && labels.length > 1) {
      const bare = all.find(({ label }) => label === undefined)!;
      throw badData(
        bare.shard,
        `has no label for '${bare.key}'`,
        'give every sample a .cls or .json file, or none',
      );
    }
    const hasLabels = !labels.includes(undefined);
    const isNumbers = labels.every((label) => typeof label === 'number');
    const sorted = isNumbers
      ? Array.from({ length: Math.max(0, ...(labels as number[])) + 1 }, (_, label) => label)
      : (labels as string[]).map(String).sort(byCodePoint);
    const names = classNames ?? (hasLabels ? sorted.map(String) : ['0']);
    const labelOf = new Map<unknown, number>(sorted.map((label, i) => [label, i]));
    return {
      classes: names.length,
      classNames: names,
      splits: Object.fromEntries(
        Object.entries(places).map(([name, own]) => [name, splitOf(own, hasLabels ? labelOf : undefined)]),
      ),
      fingerprint: `sha256:${hash.digest('hex')}`,
    };
  },
});

function splitOf(places: readonly Place[], labelOf: ReadonlyMap<unknown, number> | undefined): Split {
  return {
    length: places.length,
    targets:
      labelOf === undefined
        ? noTargets
        : { kind: 'index', values: Int32Array.from(places, ({ label }) => labelOf.get(label) ?? -1) },
    open: (sample) => {
      const { shard, offset, size } = places[sample]!;
      return { file: shard, offset, length: size };
    },
    nameOf: (sample) => `${places[sample]!.shard}: ${places[sample]!.key}`,
  };
}

async function findTars(root: string): Promise<Shard[]> {
  const found = await stat(root).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new LimbeckError('NOT_FOUND', `${root} is no folder`, {
      hint: 'name the folder of the .tar files with data.path',
      details: { path: root },
    });
  }
  return findShards(root, {
    ending: '.tar',
    called: 'shards',
    words: (name) => /^[a-z]+/i.exec(name) ?? [],
  });
}

function samplesOf(shard: string, labelKey: string): Place[] {
  const bytes = fileBytes(shard);
  const samples = new Map<string, { -readonly [K in keyof Place]: Place[K] }>();
  try {
    for (const { name, offset, size } of tarEntries(bytes.read, { source: shard, length: bytes.size })) {
      const dot = name.indexOf('.', name.lastIndexOf('/') + 1);
      if (dot < 0) continue;
      const [key, kind] = [name.slice(0, dot), name.slice(dot).toLowerCase()];
      const sample = samples.get(key) ?? { shard, key, offset: -1, size: 0, label: undefined };
      samples.set(key, sample);
      if (isPictureName(kind)) Object.assign(sample, { offset, size });
      else if (kind === '.cls' || kind === '.json') {
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

const numberOrName = (text: string): number | string => (/^\d+$/.test(text) ? Number(text) : text);

function labelIn(text: string, key: string, name: string): number | string | undefined {
  try {
    const value = (JSON.parse(text) as Record<string, unknown> | null)?.[key];
    return typeof value === 'number' || typeof value === 'string' ? value : undefined;
  } catch (cause) {
    throw badData(name, `is no JSON: ${(cause as Error).message}`, 'make the shard again');
  }
}
