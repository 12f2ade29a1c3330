import type { Shape } from '@limbeck/graph';

/** What makes probabilities of logits: over all classes, or for each alone. */
export type Link = 'softmax' | 'sigmoid';

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
  /** The tensor of the logits [N, classes], false where it has none; default the only output, or the one of that name. */
  readonly logits?: string | false | undefined;
  /** What that tensor holds. Default: logits, and what looks like probabilities is refused. */
  readonly outputs?: 'logits' | 'probabilities' | undefined;
  readonly input: InputDeclaration;
}

/** What images a model from a file takes. */
export interface InputDeclaration {
  /** Default: the only input of the file. */
  readonly name?: string | undefined;
  readonly layout: Layout;
  /** What it takes: grey images of the data are repeated, coloured ones weighted. Default: as those of the data. */
  readonly channels?: 'RGB' | 'BGR' | 'grey' | undefined;
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
  /** Of one image, as distillers see it: [C, H, W], [T, D] or [D]. */
  readonly shape: Shape;
  /** What is undone to have logits of its values. */
  readonly link?: Link | undefined;
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
  /** By tap, `logits` among them where it has them. */
  readonly features: ReadonlyMap<string, ForeignFeature>;
  /** Why it has no logits; undefined where it has. */
  readonly noLogits: string | undefined;
  readonly input: ForeignInput;
  /** Numbers it holds as floating point constants. */
  readonly parameters: number;
  readonly nodes: number;
}
