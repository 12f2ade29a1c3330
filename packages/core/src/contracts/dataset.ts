import type { OptionSchema } from './contribution.js';
import type { Targets } from './targets.js';

/** Images of one split with their targets. Random access; reading an image twice gives the same bytes. */
export interface Split {
  readonly length: number;
  /** Class index of every sample, each in [0, classes): the short way to give targets of this kind. */
  readonly labels?: Int32Array;
  /** Targets of every sample in order. Default: the labels; none where there are no labels either. */
  readonly targets?: Targets;
  /** Copies image `index` as bytes (0-255), channel-major [C, H, W], into `into` at `offset`. */
  read(index: number, into: Uint8Array, offset: number): void;
}

/** A data set once opened. */
export interface OpenDataset {
  readonly classes: number;
  /** Names of the classes, by index. */
  readonly classNames: readonly string[];
  /** [C, H, W] of every image. */
  readonly imageShape: readonly [number, number, number];
  /** Per-channel mean and standard deviation of the training pixels scaled to [0, 1]. */
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] };
  readonly train: Split;
  readonly test: Split;
  /** Changes when any byte of the data changes: keys caches and is recorded with a run. */
  readonly fingerprint: string;
}

/** A file that `limbeck data fetch` brings. */
export interface PublishedFile {
  /** Name under the data set's folder. */
  readonly name: string;
  /** Where it is published; tried in order. */
  readonly urls: readonly string[];
  readonly sha256: string;
  /** Size in bytes. */
  readonly size: number;
}

/** Where a data set looks for its files. */
export interface DatasetContext {
  /** The folder that holds fetched data sets, one folder each. */
  readonly dataDir: string;
}

/** A data set plugins contribute. `open` fails with `NOT_FOUND` (saying how to fetch it) or `BAD_DATA`. */
export interface Dataset<Options = unknown> {
  readonly id: string;
  readonly description: string;
  readonly options?: OptionSchema<Options>;
  /** Files `limbeck data fetch` downloads into `<dataDir>/<id>/`; none for bundled data. */
  readonly files: readonly PublishedFile[];
  open(options: Options, context: DatasetContext): Promise<OpenDataset>;
}

/** Declares a data set; the identity function, with types. */
export function defineDataset<Options>(dataset: Dataset<Options>): Dataset<Options> {
  return dataset;
}

/** One draw of randomness for one sample, the same whatever the order or number of workers. */
export interface SampleRandom {
  /** Uniform integer in [0, bound). */
  int(bound: number): number;
  /** Uniform number in [0, 1). */
  uniform(): number;
}

/**
 * A random change to one training image, drawn anew for every (run seed, epoch, sample). Works on bytes, in place:
 * `image` is [C, H, W]; the shape does not change.
 */
export interface Augmentation<Options = unknown> {
  readonly id: string;
  readonly description: string;
  readonly options?: OptionSchema<Options>;
  /** Prepares buffers for images of one shape and returns the change. */
  create(
    options: Options,
    shape: readonly [number, number, number],
  ): (image: Uint8Array, random: SampleRandom) => void;
}

/** Declares an augmentation; the identity function, with types. */
export function defineAugmentation<Options>(augmentation: Augmentation<Options>): Augmentation<Options> {
  return augmentation;
}
