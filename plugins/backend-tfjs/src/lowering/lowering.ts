import type { Operand, Tensor } from '@limbeck/graph';
import type { GraphBuilder } from './graph-builder.js';
import type { Layout } from './layout.js';

/** One node of a program being lowered by a builder. */
export interface NodeContext<Builder, A> {
  readonly graph: Builder;
  readonly node: Tensor;
  readonly attributes: A;
  /** The layout to give the result in: what {@link LayoutRule.layout} said, or what is asked for. */
  readonly layout: Layout;
}

/** One node of a program being written as TensorFlow nodes. */
export type LoweringContext<A> = NodeContext<GraphBuilder, A>;

/** The layout a tensor's value was assigned. */
export type LayoutOf = (tensor: Tensor) => Layout;

/** How the result of an operation lies in memory. */
export interface LayoutRule<A> {
  /** The layout the result comes in; default: the program's own. */
  readonly layout?: (node: Tensor, layoutOf: LayoutOf, attributes: A) => Layout;
  /** True where any layout costs the same: the value is made when it is read, in the layout it is read in. */
  readonly onDemand?: boolean;
}

/** How one operation is written by a builder. */
export interface NodeLowering<Builder, Value, A> extends LayoutRule<A> {
  /** Returns the value. */
  readonly lower: (context: NodeContext<Builder, A>) => Value;
}

/** How one operation is written as TensorFlow nodes, values being names. */
export type Lowering<A> = NodeLowering<GraphBuilder, string, A>;

/** A composite that is lowered as a whole because that is faster than its decomposition. */
export interface Claim<A> extends Lowering<A> {
  /** Nodes for which it is claimed. Default: all. */
  readonly when?: (node: Tensor, attributes: A) => boolean;
}

/** The attributes an operation is called with; `{}` where it has none. */
export type AttributesOf<O> = O extends (...args: [...infer _Inputs, infer Last]) => Tensor
  ? [Last] extends [Operand]
    ? Record<never, never>
    : Last
  : never;

/** The attributes of an operation without any. */
export type None = Record<never, never>;
