import {
  type ElementType,
  type TensorflowAttribute,
  type TensorflowNode,
  type TensorflowTensor,
  type TensorflowType,
  tfAttr,
} from '@limbeck/formats';
import { type DType, type Shape, sizeOf, type Tensor } from '@limbeck/graph';
import { inMemory, isReshape, type Layout, logical, orderBetween, sameLayout } from './layout.js';
import type { ProgramFacts } from './program-facts.js';

type Attributes = Readonly<Record<string, TensorflowAttribute>>;

/** A value of the program in every layout it has been asked for in. */
interface Placed {
  /** The layout it was computed in; where there is none, `make` computes it in any. */
  readonly native?: Layout;
  readonly copies: Map<string, string>;
  readonly make?: (layout: Layout) => string;
}

/** Constants up to this many elements are compared, so that equal ones are stored once. */
const comparable = 64;

/**
 * Collects the nodes of one TensorFlow graph. Equal nodes are made once, and every node's name begins with the scope it
 * came from, so that errors name the place. Values are read in the layout a kernel wants; a transposition is made where
 * none is at hand in it.
 */
export class GraphBuilder {
  readonly facts: ProgramFacts;
  /** Scope of the program's node being lowered. */
  scope = '';
  readonly #nodes: TensorflowNode[] = [];
  readonly #interned = new Map<string, string>();
  readonly #payloads = new Map<ArrayLike<unknown>, Map<string, string>>();
  readonly #values = new Map<Tensor, Placed>();
  readonly #taken = new Set<string>();

  constructor(facts: ProgramFacts) {
    this.facts = facts;
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

  reshape(dtype: DType, value: string, shape: Shape): string {
    return this.typed('Reshape', dtype, [value, this.ints(shape)], { Tshape: tfAttr.type('int32') });
  }

  transpose(dtype: DType, value: string, order: readonly number[]): string {
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

  /** Notes the value a node of the program became. */
  define(tensor: Tensor, value: string, layout: Layout): void {
    this.#values.set(tensor, { native: layout, copies: new Map([[String(layout), value]]) });
  }

  /** Notes how to make the value of a node in whatever layout it is asked for. */
  defer(tensor: Tensor, make: (layout: Layout) => string): void {
    this.#values.set(tensor, { copies: new Map(), make });
  }

  /** The value a node of the program became, in a layout: by default the program's own. */
  read(tensor: Tensor, layout: Layout = logical(tensor.shape.length)): string {
    const { copies, native, make } = this.#values.get(tensor)!;
    const key = String(layout);
    let value = copies.get(key);
    if (value === undefined) {
      value = make?.(layout) ?? this.#moved(tensor, copies.get(String(native))!, native!, layout);
      copies.set(key, value);
    }
    return value;
  }

  /** The layout a value can be read in without moving it. */
  nativeLayout(tensor: Tensor): Layout {
    return this.#values.get(tensor)!.native ?? logical(tensor.shape.length);
  }

  /** A value whose elements follow each other as in the program, whatever its shape: something to reshape. */
  inOrder(tensor: Tensor): string {
    const { native, copies } = this.#values.get(tensor)!;
    const order = logical(tensor.shape.length);
    if (native !== undefined && isReshape(tensor.shape, native, order)) return copies.get(String(native))!;
    return this.read(tensor);
  }

  /** An operand of a broadcasting operation whose result has this layout. */
  readBroadcast(tensor: Tensor, layout: Layout): string {
    const missing = layout.length - tensor.shape.length;
    if (missing === 0) return this.read(tensor, layout);
    if (sizeOf(tensor.shape) === 1) return this.read(tensor);
    const shape = [...Array<number>(missing).fill(1), ...tensor.shape];
    const order = logical(layout.length);
    if (sameLayout(layout, order)) return this.read(tensor);
    if (isReshape(shape, order, layout))
      return this.reshape(tensor.dtype, this.inOrder(tensor), inMemory(shape, layout));
    return this.transpose(
      tensor.dtype,
      this.reshape(tensor.dtype, this.inOrder(tensor), shape),
      orderBetween(order, layout),
    );
  }

  #moved({ shape, dtype }: Tensor, value: string, from: Layout, to: Layout): string {
    return isReshape(shape, from, to)
      ? this.reshape(dtype, value, inMemory(shape, to))
      : this.transpose(dtype, value, orderBetween(from, to));
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
