import { LimbeckError } from '@limbeck/core';
import { elementBytes } from '@limbeck/formats';
import { sizeOf } from '@limbeck/graph';
import type { CachePrecision, FeatureKind } from '../../run/teacher-spec.js';
import { type Encoding, encodingOf, type Field, topLogits } from './encoding.js';

/** A feature of a teacher for one sample. */
export interface FeatureSize {
  /** Tap name or layer path of the teacher. */
  readonly path: string;
  /** Input of the step whose images it is of: `view.strong.image`. Default `image`, the batch itself. */
  readonly image?: string;
  /** Without the batch. */
  readonly shape: readonly number[];
}

/** A feature and how it is kept. */
export interface CachedFeature extends Required<FeatureSize> {
  /** What it is called in the cache: its path, and the view in front where there is one: `view.strong.logits`. */
  readonly name: string;
  readonly encoding: Encoding;
}

/** Input of the batch itself. */
const own = 'image';

/** What a feature is called in a cache; inputs of images all end alike. */
export const cachedName = ({ path, image }: { readonly path: string; readonly image: string }): string =>
  `${image.slice(0, -own.length)}${path}`;

/** A tensor of every shard. */
export interface Column extends Field {
  readonly name: string;
  /** Elements of one record. */
  readonly size: number;
  /** Of one record. */
  readonly bytes: number;
}

/**
 * Largest shard. A shard is what an interruption costs and what is held in memory while it is filled; few files are easier
 * to handle than many.
 */
export const shardBytes = 32 * 2 ** 20;

/** What a record consists of, and how records make shards: ranges of samples under one augmentation draw. */
export interface CacheLayout {
  readonly features: readonly CachedFeature[];
  /** Of each feature in turn. */
  readonly columns: readonly Column[];
  readonly recordBytes: number;
  readonly samples: number;
  /** In every shard but the last of a draw. */
  readonly samplesPerShard: number;
  /** Of one draw. */
  readonly shards: number;
}

/**
 * Plans the records of a teacher's features.
 *
 * @param samples records of one draw
 * @throws LimbeckError CONFIG_INVALID where `logits.top` keeps all logits or more
 */
export function layoutOf(
  sizes: readonly FeatureSize[],
  precision: CachePrecision,
  samples: number,
  largestShard = shardBytes,
): CacheLayout {
  const features = sizes.map((size): CachedFeature => {
    const { path, image = own } = size;
    return { ...size, image, name: cachedName({ path, image }), encoding: choose(size, precision) };
  });
  const columns = features.flatMap(({ name, encoding }) =>
    encoding.fields.map((field): Column => {
      const size = sizeOf(field.shape);
      return { ...field, name: `${name}${field.suffix}`, size, bytes: size * elementBytes(field.dtype) };
    }),
  );
  const recordBytes = columns.reduce((sum, { bytes }) => sum + bytes, 0);
  const samplesPerShard = Math.min(samples, Math.max(1, Math.floor(largestShard / recordBytes)));
  return {
    features,
    columns,
    recordBytes,
    samples,
    samplesPerShard,
    shards: Math.ceil(samples / samplesPerShard),
  };
}

function choose({ path, shape }: FeatureSize, { dtype, logits: { top } }: CachePrecision): Encoding {
  const kind: FeatureKind = path === 'logits' ? 'logits' : shape.length > 1 ? 'maps' : 'vectors';
  const chosen = typeof dtype === 'string' ? dtype : dtype[kind];
  if (kind !== 'logits' || top === undefined) return encodingOf(chosen, shape);
  const classes = shape[0]!;
  if (!Number.isSafeInteger(top) || top < 1 || top >= classes) {
    throw new LimbeckError('CONFIG_INVALID', `the cache shall keep the top ${top} of ${classes} logits`, {
      hint: `choose between 1 and ${classes - 1}, or leave it out to keep all`,
    });
  }
  return topLogits(chosen, top, classes);
}

/** The shard that a sample is in. */
export const shardOf = ({ samplesPerShard }: CacheLayout, sample: number): number =>
  Math.floor(sample / samplesPerShard);

/** First and last + 1 sample of a shard. */
export function rangeOf(
  { samples, samplesPerShard }: CacheLayout,
  shard: number,
): [first: number, end: number] {
  const first = shard * samplesPerShard;
  return [first, Math.min(first + samplesPerShard, samples)];
}
