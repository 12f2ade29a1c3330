import type { DType, Shape, TensorData } from './dtype.js';
import type { Graph } from './graph.js';
import type { Operation } from './operation.js';

/** What an attribute of a node may be. Attributes are part of a node's identity. */
export type AttributeValue = number | string | boolean | readonly number[] | TensorData;

/** Named attributes of a node. */
export type Attributes = { readonly [name: string]: AttributeValue };

/**
 * A node of a tensor graph: an operation applied to inputs. Immutable and interned: within one graph, equal nodes are
 * the same object, so `===` compares expressions.
 */
export interface Tensor {
  /** Increases with creation; inputs always have smaller ids than the nodes that use them. */
  readonly id: number;
  readonly graph: Graph;
  readonly operation: Operation;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Where it was made, e.g. `student.layer1.0.conv1`. Not part of its identity. */
  readonly scope: string;
}

/** What functions on tensors accept: a number stands for a scalar of the other operand's type. */
export type Operand = Tensor | number;
