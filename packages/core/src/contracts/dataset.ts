import type { ImageShape } from './backbone.js';
import type { OptionSchema } from './contribution.js';
import type { Sample } from './picture.js';
import type { Targets } from './targets.js';

/**
 * Samples of one split, in a fixed order. Opening or reading one twice gives the same picture.
 *
 * A split has one of two methods. `open` gives encoded pictures or pixels of any size. `read` is for pixels in memory that
 * all have the data set's `imageShape`.
 */
export interface Split {
  readonly length: number;
  /** Class index of every sample, each in [0, classes): the short way to give targets of this kind. */
  readonly labels?: Int32Array;
  /** Targets of every sample in order. Default: the labels; none where there are no labels either. */
  readonly targets?: Targets;
  /** Gives one sample; may be asynchronous. Where a file is named, nothing is read here. */
  open?(index: number): Sample | Promise<Sample>;
  /** Copies image `index` as bytes (0-255), channel-major [C, H, W], into `into` at `offset`: every byte of it. */
  read?(index: number, into: Uint8Array, offset: number): void;
  /** What messages call a sample: its path. Default: its number. */
  nameOf?(index: number): string;
  /** The same for samples with the same content: finds test images that are training images as well. */
  hashOf?(index: number): string;
  /**
   * Samples that are best read one after the other, such as those of an archive: a number for each sample. An epoch's order then
   * shuffles groups, and samples through a buffer of so many. Default: all samples are shuffled.
   */
  readonly readTogether?: { readonly groups: Int32Array; readonly buffer: number };
  /** Samples that look damaged, by index: they are decoded before a run, so that it does not fail in its midst. */
  readonly suspects?: readonly number[];
}

/** A data set once opened. */
export interface OpenDataset {
  readonly classes: number;
  /** Names of the classes, by index. */
  readonly classNames: readonly string[];
  /** [C, H, W] of every image. Left out where images have any size; they are decoded to `channels`. */
  readonly imageShape?: ImageShape;
  /** Channels that encoded pictures are decoded to, where there is no `imageShape`: 1 or 3. Default 3. */
  readonly channels?: 1 | 3;
  /** Per-channel mean and standard deviation of the training pixels scaled to [0, 1]. Left out: measured once, or given. */
  readonly normalization?: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** What is learnt from. */
  readonly train?: Split;
  /** What is evaluated on. */
  readonly test?: Split;
  /** Splits under further names: `validation`, `extra`. */
  readonly splits?: Readonly<Record<string, Split>>;
  /** Changes when any byte of the data changes: keys caches and is recorded with a run. */
  readonly fingerprint: string;
  /** What people should know: files left out, test images that are training images as well. */
  readonly notes?: readonly string[];
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
  /** Where indexes of files and unpacked pictures are kept. Left out: nothing is kept. */
  readonly cacheDir?: string;
  /** Read every file, whatever an index that was kept says. Default false. */
  readonly afresh?: boolean;
  /** Hears what takes long, a line at a time. */
  readonly report?: (line: string) => void;
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
 * A change to one image, drawn anew for every (run seed, epoch, sample). It is one of three kinds: a change in place, which
 * keeps the shape; a frame, which cuts a window and scales it; or another number of channels.
 */
export type Augmentation<Options = unknown> =
  | InPlaceChange<Options>
  | Framing<Options>
  | ChannelChange<Options>;

/** What every change has. */
export interface ChangeFacts<Options> {
  readonly id: string;
  readonly description: string;
  readonly options?: OptionSchema<Options>;
  /**
   * `import.meta.url` of the module that exports it. Threads that load samples import it from there; a run with a change
   * that has none loads its samples in the training thread.
   */
  readonly module?: string;
}

/** Works on bytes, in place: `image` is [C, H, W]; the shape does not change. */
export interface InPlaceChange<Options = unknown> extends ChangeFacts<Options> {
  readonly kind?: 'in-place';
  /** Prepares buffers for images of one shape and returns the change. */
  create(options: Options, shape: ImageShape): (image: Uint8Array, random: SampleRandom) => void;
}

/** How values between pixels are found. All but `nearest` average over what a new pixel covers when they make smaller. */
export type ResizeFilter = 'nearest' | 'bilinear' | 'bicubic' | 'lanczos';

/** A window of a picture and the size it is scaled to, in pixels. */
export interface Frame {
  /** May lie outside, where pixels are black, if nothing is scaled; parts of pixels are allowed if something is. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Whole numbers. */
  readonly outWidth: number;
  readonly outHeight: number;
  readonly filter: ResizeFilter;
}

/** Height and width in pixels. */
export interface PictureSize {
  readonly height: number;
  readonly width: number;
}

/** Cuts a window out of pictures of any size, and scales it. */
export interface Framing<Options = unknown> extends ChangeFacts<Options> {
  readonly kind: 'frame';
  /** Size of what it gives; undefined where that depends on the picture. `size` is undefined where pictures differ. */
  sizeOf(options: Options, size: PictureSize | undefined): PictureSize | undefined;
  create(options: Options): (size: PictureSize, random: SampleRandom) => Frame;
  /** Whether it draws nothing: the same picture gives the same frame. What it gives may then be kept. Default false. */
  readonly isFixed?: boolean;
}

/** Grey to colour, or back (ITU-R 601: 0.299 R + 0.587 G + 0.114 B). */
export interface ChannelChange<Options = unknown> extends ChangeFacts<Options> {
  readonly kind: 'channels';
  /** Channels of what it gives. */
  create(options: Options): 1 | 3;
}

/** Declares a change to samples; the identity function, with types. */
// biome-ignore lint/suspicious/noExplicitAny: every change brings an option type of its own
export function defineAugmentation<A extends Augmentation<any>>(augmentation: A): A {
  return augmentation;
}
