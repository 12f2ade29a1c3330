import type { ElementArrays, ElementType } from '../element-types.js';

/** A TensorFlow SavedModel with one meta graph and no checkpoint: what a runtime needs to load a graph and call it. */
export interface TensorflowModel {
  /** Names the meta graph; `serve` is what loaders ask for by default. */
  readonly tags: readonly string[];
  readonly graph: TensorflowGraph;
  /** Ways to call the graph, by name. */
  readonly signatures: Readonly<Record<string, TensorflowSignature>>;
}

/** Nodes of a TensorFlow graph, as `GraphDef`. */
export interface TensorflowGraph {
  readonly nodes: readonly TensorflowNode[];
  /** Version of TensorFlow's operators that the nodes mean, as its `GRAPH_DEF_VERSION`. */
  readonly producer: number;
}

/** One operation of a TensorFlow graph, as `NodeDef`. */
export interface TensorflowNode {
  /** Unique in the graph: letters, digits and `_ . / > -`, not beginning with a separator. */
  readonly name: string;
  readonly op: string;
  /** `node` or `node:1` for its second result; after these, `^node` for one that only has to have run before. */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, TensorflowAttribute>>;
}

/** Element types of TensorFlow that this package writes; a `resource` is a handle of a variable. */
export type TensorflowType = ElementType | 'resource';

/** A value of a node's attribute with its declared type, which TensorFlow checks. See {@link tfAttr}. */
export type TensorflowAttribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'type'; readonly value: TensorflowType }
  | { readonly kind: 'shape'; readonly value: readonly number[] }
  | { readonly kind: 'tensor'; readonly value: TensorflowTensor }
  | { readonly kind: 'ints'; readonly value: readonly number[] };

/** Shorthands for attributes. */
export const tfAttr = {
  int: (value: number): TensorflowAttribute => ({ kind: 'int', value }),
  float: (value: number): TensorflowAttribute => ({ kind: 'float', value }),
  bool: (value: boolean): TensorflowAttribute => ({ kind: 'bool', value }),
  string: (value: string): TensorflowAttribute => ({ kind: 'string', value }),
  type: (value: TensorflowType): TensorflowAttribute => ({ kind: 'type', value }),
  shape: (value: readonly number[]): TensorflowAttribute => ({ kind: 'shape', value }),
  tensor: (value: TensorflowTensor): TensorflowAttribute => ({ kind: 'tensor', value }),
  ints: (value: readonly number[]): TensorflowAttribute => ({ kind: 'ints', value }),
} as const;

/** A constant. Row-major and dense, as {@link ElementArrays} keeps it. */
export interface TensorflowTensor<T extends ElementType = ElementType> {
  readonly dtype: T;
  readonly shape: readonly number[];
  readonly data: ElementArrays[T];
}

/** Inputs and outputs of one way to call a graph. */
export interface TensorflowSignature {
  readonly inputs: Readonly<Record<string, TensorflowPort>>;
  readonly outputs: Readonly<Record<string, TensorflowPort>>;
}

/** A named input or output of a signature with its type and shape. */
export interface TensorflowPort {
  /** The value it stands for: `node:0`. */
  readonly value: string;
  readonly dtype: TensorflowType;
  /** -1 where an axis may have any size. */
  readonly shape: readonly number[];
}
