import type { BatchAxis } from '@limbeck/core/backend';
import {
  type ElementType,
  type TensorflowAttribute,
  type TensorflowNode,
  type TensorflowTensor,
  type TensorflowType,
  tfAttr,
} from '@limbeck/formats';
import type { Shape, Tensor } from '@limbeck/graph';
import { halvesOf, type MapType } from './map-types.js';
import { PlacedValues } from './placed-values.js';
import type { ProgramFacts } from './program-facts.js';

type Attributes = Readonly<Record<string, TensorflowAttribute>>;

/** Constants up to this many elements are compared, so that equal ones are stored once. */
const comparable = 64;

export interface BuilderOptions {
  /** What convolutions and normalisations compute in. Default float32. */
  readonly mapType?: MapType;
  /** What runs the graph, where one form is faster on it than another. Default cpu. */
  readonly device?: 'cpu' | 'cuda';
  /** For batches of any size: where the batch is in each tensor. Default: every size is as the program says. */
  readonly batchAxis?: (tensor: Tensor) => BatchAxis;
}

/**
 * Collects the nodes of one TensorFlow graph. Equal nodes are made once, and every node's name begins with the scope it
 * came from, so that errors name the place.
 */
export class GraphBuilder extends PlacedValues<string> {
  readonly facts: ProgramFacts;
  /** What convolutions and normalisations compute in. */
  readonly mapType: MapType;
  readonly device: 'cpu' | 'cuda';
  /** The axis of a tensor that takes batches of any size. */
  readonly batchAxis: (tensor: Tensor) => BatchAxis;
  /** The fed value whose leading axis is the batch, where batches are of any size. */
  batchSource: string | undefined;
  readonly #nodes: TensorflowNode[] = [];
  readonly #interned = new Map<string, string>();
  readonly #payloads = new Map<ArrayLike<unknown>, Map<string, string>>();
  readonly #taken = new Set<string>();
  readonly #halves: ReadonlySet<Tensor>;

  constructor(
    facts: ProgramFacts,
    { mapType = 'float32', device = 'cpu', batchAxis = () => undefined }: BuilderOptions = {},
  ) {
    super();
    this.facts = facts;
    this.mapType = mapType;
    this.device = device;
    this.batchAxis = batchAxis;
    this.#halves = mapType === 'float32' ? new Set() : halvesOf(facts);
  }

  /** The nodes, in an order that computes every value before it is used. */
  get nodes(): readonly TensorflowNode[] {
    return this.#nodes;
  }

  /** One operator; returns the name of its first result. */
  emit(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const key = `${op}(${inputs.join()})${JSON.stringify(attributes)}`;
    let name = this.#interned.get(key);
    if (name === undefined) {
      name = this.add(op, inputs, attributes);
      this.#interned.set(key, name);
    }
    return name;
  }

  /** One operator over operands of one element type, which it calls `T`. */
  typed(op: string, dtype: TensorflowType, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.emit(op, inputs, { T: tfAttr.type(dtype), ...attributes });
  }

  /** A node of its own even where an equal one exists: a variable, a placeholder, an assignment. */
  add(op: string, inputs: readonly string[], attributes: Attributes = {}, stem = op): string {
    const name = this.#fresh(stem);
    this.#nodes.push({ name, op, inputs, attributes });
    return name;
  }

  /** Data known when the graph is built. It is not copied until the graph is encoded. */
  constant(tensor: TensorflowTensor): string {
    const { dtype, shape, data } = tensor;
    const type = `${dtype}[${shape}]`;
    if (data.length <= comparable) {
      const key = `Const ${type}${data.join()}`;
      const name = this.#interned.get(key) ?? this.#addConstant(tensor);
      this.#interned.set(key, name);
      return name;
    }
    const known = this.#payloads.get(data) ?? new Map<string, string>();
    const name = known.get(type) ?? this.#addConstant(tensor);
    this.#payloads.set(data, known.set(type, name));
    return name;
  }

  /** Shapes, axes and bounds: a vector of 32-bit integers. */
  ints(values: readonly number[]): string {
    return this.constant({ dtype: 'int32', shape: [values.length], data: Int32Array.from(values) });
  }

  int(value: number): string {
    return this.constant({ dtype: 'int32', shape: [], data: Int32Array.of(value) });
  }

  float(value: number): string {
    return this.constant({ dtype: 'float32', shape: [], data: Float32Array.of(value) });
  }

  /** A vector of `size` equal numbers. */
  filled(value: number, size: number): string {
    const key = `filled ${value} ${size}`;
    let name = this.#interned.get(key);
    if (name === undefined) {
      name = this.constant({ dtype: 'float32', shape: [size], data: new Float32Array(size).fill(value) });
      this.#interned.set(key, name);
    }
    return name;
  }

  /** A shape as an operand, with what -1 stands for in it: a size that is known when the graph runs. */
  sizes(shape: Shape): string {
    if (!shape.includes(-1)) return this.ints(shape);
    const int = tfAttr.type('int32');
    const all = this.emit('Shape', [this.batchSource!], { T: tfAttr.type('float32'), out_type: int });
    const none = Object.fromEntries(
      ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask'].map((mask) => [mask, tfAttr.int(0)]),
    );
    const batch = this.typed(
      'StridedSlice',
      'int32',
      [all, ...[0, 1, 1].map((bound) => this.ints([bound]))],
      { Index: int, ...none, shrink_axis_mask: tfAttr.int(1) },
    );
    const parts = shape.map((size) => (size === -1 ? batch : this.int(size)));
    return this.typed('Pack', 'int32', parts, { N: tfAttr.int(parts.length), axis: tfAttr.int(0) });
  }

  reshape(dtype: TensorflowType, value: string, shape: Shape): string {
    return this.typed('Reshape', dtype, [value, this.ints(shape)], { Tshape: tfAttr.type('int32') });
  }

  transpose(dtype: TensorflowType, value: string, order: readonly number[]): string {
    return this.typed('Transpose', dtype, [value, this.ints(order)], { Tperm: tfAttr.type('int32') });
  }

  cast(value: string, from: TensorflowType, to: TensorflowType): string {
    if (from === to) return value;
    return this.emit('Cast', [value], {
      SrcT: tfAttr.type(from),
      DstT: tfAttr.type(to),
      Truncate: tfAttr.bool(false),
    });
  }

  override shapeOf(tensor: Tensor): Shape {
    const batch = this.batchAxis(tensor);
    return batch === undefined
      ? tensor.shape
      : tensor.shape.map((size, axis) => (axis === batch ? -1 : size));
  }

  override typeOf(tensor: Tensor): TensorflowType {
    return this.#halves.has(tensor) ? 'bfloat16' : tensor.dtype;
  }

  #addConstant<T extends ElementType>(tensor: TensorflowTensor<T>): string {
    return this.add('Const', [], { dtype: tfAttr.type(tensor.dtype), value: tfAttr.tensor(tensor) });
  }

  #fresh(stem: string): string {
    const path = this.scope === '' ? stem : `${this.scope}/${stem}`;
    // names begin with a letter or a digit
    const clean = path.replace(/[^A-Za-z0-9_./-]/g, '_').replace(/^[^A-Za-z0-9]/, 'n$&');
    const name = `${clean}_${this.#taken.size}`;
    this.#taken.add(name);
    return name;
  }
}

/** The name of a further result of a node. */
export const resultOf = (node: string, position: number): string =>
  position === 0 ? node : `${node}:${position}`;
