import {
  type ElementType,
  type TensorflowAttribute,
  type TensorflowNode,
  type TensorflowTensor,
  type TensorflowType,
  tfAttr,
} from '@limbeck/formats';
import { type Shape, sizeOf, type Tensor } from '@limbeck/graph';
import { inMemory, isReshape, type Layout, logical, orderBetween, sameLayout } from './layout.js';
import { halvesOf, type MapType } from './map-types.js';
import type { ProgramFacts } from './program-facts.js';

type Attributes = Readonly<Record<string, TensorflowAttribute>>;

/** A value of the program in every layout and element type it has been asked for in. */
interface Placed {
  /** The layout it was computed in; where there is none, `make` computes it in any. */
  readonly native?: Layout;
  /** The element type it was computed in. */
  readonly type: TensorflowType;
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
  /** What convolutions and normalisations compute in. */
  readonly mapType: MapType;
  /** Scope of the program's node being lowered. */
  scope = '';
  readonly #nodes: TensorflowNode[] = [];
  readonly #interned = new Map<string, string>();
  readonly #payloads = new Map<ArrayLike<unknown>, Map<string, string>>();
  readonly #values = new Map<Tensor, Placed>();
  readonly #taken = new Set<string>();
  readonly #halves: ReadonlySet<Tensor>;

  constructor(facts: ProgramFacts, mapType: MapType = 'float32') {
    this.facts = facts;
    this.mapType = mapType;
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

  /** Notes the value a node of the program became. */
  define(tensor: Tensor, value: string, layout: Layout): void {
    const type = this.typeOf(tensor);
    this.#values.set(tensor, { native: layout, type, copies: new Map([[`${layout} ${type}`, value]]) });
  }

  /** Notes how to make the value of a node in whatever layout it is asked for. */
  defer(tensor: Tensor, make: (layout: Layout) => string): void {
    this.#values.set(tensor, { type: tensor.dtype, copies: new Map(), make });
  }

  /** The element type a node's value is held in. */
  typeOf(tensor: Tensor): TensorflowType {
    return this.#halves.has(tensor) ? 'bfloat16' : tensor.dtype;
  }

  /** The value a node of the program became, in a layout and an element type: by default the program's own. */
  read(
    tensor: Tensor,
    layout: Layout = logical(tensor.shape.length),
    type: TensorflowType = tensor.dtype,
  ): string {
    const placed = this.#values.get(tensor)!;
    const key = `${layout} ${type}`;
    const value = placed.copies.get(key) ?? this.#derive(tensor, placed, layout, type);
    placed.copies.set(key, value);
    return value;
  }

  /** The layout a value can be read in without moving it. */
  nativeLayout(tensor: Tensor): Layout {
    return this.#values.get(tensor)!.native ?? logical(tensor.shape.length);
  }

  /** A value whose elements follow each other as in the program, whatever its shape: something to reshape. */
  inOrder(tensor: Tensor): string {
    const { native } = this.#values.get(tensor)!;
    const order = logical(tensor.shape.length);
    const inPlace = native !== undefined && isReshape(tensor.shape, native, order);
    return this.read(tensor, inPlace ? native : order);
  }

  /** An operand of a broadcasting operation whose result has this layout. */
  readBroadcast(tensor: Tensor, layout: Layout, type: TensorflowType = tensor.dtype): string {
    const missing = layout.length - tensor.shape.length;
    if (missing === 0) return this.read(tensor, layout, type);
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

  #derive(
    tensor: Tensor,
    { native, type: held, make }: Placed,
    layout: Layout,
    type: TensorflowType,
  ): string {
    if (type !== held) return this.cast(this.read(tensor, layout, held), held, type);
    if (make !== undefined) return make(layout);
    const value = this.read(tensor, native!, held);
    return isReshape(tensor.shape, native!, layout)
      ? this.reshape(held, value, inMemory(tensor.shape, layout))
      : this.transpose(held, value, orderBetween(native!, layout));
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
