import type { Shape } from '@limbeck/graph';

/** Order of the axes of images and maps. */
export type Layout = 'NCHW' | 'NHWC';

/** A tensor of a model from a file that distillers may ask for. */
export interface TapDeclaration {
  /** Its name in the file; values in between count. */
  readonly tensor: string;
  /** Of maps; features come out as [N, C, H, W] either way. */
  readonly layout: Layout;
}

/** What must be said about a model from a file, because the file does not. */
export interface ForeignDeclaration {
  /** Names of taps: `stage3`, `embedding` ... */
  readonly taps: Readonly<Record<string, TapDeclaration>>;
  /** The tensor of the logits [N, classes]; default the only output of the file. */
  readonly logits?: string | undefined;
  readonly input: InputDeclaration;
}

/** What images a model from a file takes. */
export interface InputDeclaration {
  /** Default: the only input of the file. */
  readonly name?: string | undefined;
  readonly layout: Layout;
  /** Height and width it takes; images of another size are scaled. Default: what the file says. */
  readonly size?: readonly [height: number, width: number] | undefined;
  /** Value of a white pixel before normalisation. */
  readonly scale: 1 | 255;
  /** Of pixels on that scale, per channel; `none` where it takes pixels as they are. Default: as the data set does. */
  readonly normalization?:
    | { readonly mean: readonly number[]; readonly std: readonly number[] }
    | 'none'
    | undefined;
}

/** Where images go into a model from a file. */
export interface ForeignInput {
  readonly name: string;
  /** Images a call; undefined where it takes any number. */
  readonly batch: number | undefined;
  /** Height and width. */
  readonly size: readonly [height: number, width: number];
}

/** A feature of a model from a file. */
export interface ForeignFeature {
  /** Its name in the file. */
  readonly tensor: string;
  /** Of the tensor. */
  readonly layout: Layout;
  /** Of one image, as distillers see it: [C, H, W], or [D]. */
  readonly shape: Shape;
}

/** A model from a file as a teacher, found sound and measured. */
export interface ForeignModel {
  /** What messages call it: the path, usually. */
  readonly source: string;
  /** Name of the file. */
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly declaration: ForeignDeclaration;
  /** By tap, `logits` among them. */
  readonly features: ReadonlyMap<string, ForeignFeature>;
  readonly input: ForeignInput;
  /** Numbers it holds as floating point constants. */
  readonly parameters: number;
  readonly nodes: number;
}
