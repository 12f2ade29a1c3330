import type { ElementArrays, ElementType } from '../element-types.js';

/** A model, as plain data: all that it computes. Documentation and notes of a file are left out. */
export interface OnnxModel {
  /** Version of the file format itself, as `onnx.IR_VERSION`. */
  readonly irVersion: number;
  /** The operator sets that the nodes mean; the domain `''` is ONNX's own. */
  readonly opsetImports: readonly OnnxOpset[];
  readonly producerName: string;
  readonly graph: OnnxGraph;
  /** Free text about the model; an object without prototype when decoded. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A version of an operator set that a model needs, as `OperatorSetIdProto`. */
export interface OnnxOpset {
  readonly domain: string;
  readonly version: number;
}

/** Nodes with the values they start from and end in, as `GraphProto`. */
export interface OnnxGraph {
  readonly name: string;
  /** In an order that computes every value before it is used. */
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Constants: weights, shapes. One that is also an input is its default. */
  readonly initializers: readonly OnnxTensor[];
  /** Types of values in between. */
  readonly valueInfo?: readonly OnnxValue[];
}

/** What has to be given to a graph: older files list their weights among the inputs, and weights have values already. */
export function inputsToGive({ inputs, initializers }: OnnxGraph): OnnxValue[] {
  const initialized = new Set(initializers.map(({ name }) => name));
  return inputs.filter(({ name }) => !initialized.has(name));
}

/** One operator applied to named values, as `NodeProto`. */
export interface OnnxNode {
  readonly opType: string;
  /** Names of values; `''` stands for an optional one left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly name: string;
  /** Operator set of `opType`. Default `''`, ONNX's own. */
  readonly domain?: string;
  /** By name; an object without prototype when decoded. */
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A value of a node's attribute with its declared type, which ONNX keeps apart: 1 is not 1.0. See {@link attr}. */
export type OnnxAttribute =
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'int'; readonly value: number | bigint }
  | { readonly kind: 'string'; readonly value: string | Uint8Array }
  | { readonly kind: 'tensor'; readonly value: OnnxTensor }
  | { readonly kind: 'graph'; readonly value: OnnxGraph }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'ints'; readonly value: readonly (number | bigint)[] }
  | { readonly kind: 'strings'; readonly value: readonly (string | Uint8Array)[] }
  | { readonly kind: 'tensors'; readonly value: readonly OnnxTensor[] }
  | { readonly kind: 'graphs'; readonly value: readonly OnnxGraph[] };

/**
 * Shorthands for attributes.
 *
 * @example
 * const attributes = { strides: attr.ints([2, 2]), group: attr.int(1), auto_pad: attr.string('NOTSET') };
 */
export const attr = {
  float: (value: number): OnnxAttribute => ({ kind: 'float', value }),
  int: (value: number | bigint): OnnxAttribute => ({ kind: 'int', value }),
  string: (value: string): OnnxAttribute => ({ kind: 'string', value }),
  tensor: (value: OnnxTensor): OnnxAttribute => ({ kind: 'tensor', value }),
  floats: (value: readonly number[]): OnnxAttribute => ({ kind: 'floats', value }),
  ints: (value: readonly (number | bigint)[]): OnnxAttribute => ({ kind: 'ints', value }),
  strings: (value: readonly string[]): OnnxAttribute => ({ kind: 'strings', value }),
} as const;

/** A tensor with its values. A graph's host tensor becomes one by `{ name, ...tensor }`. */
export interface OnnxTensor<T extends ElementType = ElementType> {
  readonly name: string;
  readonly dtype: T;
  readonly shape: readonly number[];
  /** Row-major and dense. `float16` and `bfloat16` are their 16 bits, `bool` is one byte an element. */
  readonly data: ElementArrays[T];
}

/** A named value of a graph and its type. */
export interface OnnxValue {
  readonly name: string;
  /** Absent where the file does not say. */
  readonly dtype?: ElementType | 'string';
  /** Absent where not even the rank is known. */
  readonly shape?: readonly OnnxDimension[];
}

/** A size, the name of one that is only known later (`'batch'`), or `null` where nothing is known. */
export type OnnxDimension = number | string | null;
