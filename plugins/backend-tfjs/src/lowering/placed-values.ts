import type { TensorflowType } from '@limbeck/formats';
import { constantData, isConstant, type Shape, sizeOf, type Tensor, type TensorData } from '@limbeck/graph';
import { inMemory, isReshape, type Layout, logical, orderBetween, sameLayout } from './layout.js';
import type { NodeLowering } from './lowering.js';
import { reorder } from './reorder.js';

/** A value of the program in every layout and element type it has been asked for in. */
interface Placed<Value> {
  /** The layout it was computed in; where there is none, `make` computes it in any. */
  readonly native?: Layout;
  /** The element type it was computed in. */
  readonly type: TensorflowType;
  readonly copies: Map<string, Value>;
  readonly make?: (layout: Layout) => Value;
}

/**
 * What the tensors of a program became while it is lowered. Values are read in the layout a kernel wants; a transposition
 * is made where none is at hand in it.
 */
export abstract class PlacedValues<Value> {
  /** Scope of the program's node being lowered. */
  scope = '';
  readonly #values = new Map<Tensor, Placed<Value>>();

  abstract constant(data: TensorData): Value;
  abstract reshape(dtype: TensorflowType, value: Value, shape: Shape): Value;
  abstract transpose(dtype: TensorflowType, value: Value, order: readonly number[]): Value;
  abstract cast(value: Value, from: TensorflowType, to: TensorflowType): Value;

  /** The element type a node's value is held in. */
  typeOf(tensor: Tensor): TensorflowType {
    return tensor.dtype;
  }

  /** A tensor's shape when the lowered program runs: -1 for an axis of any size. */
  shapeOf(tensor: Tensor): Shape {
    return tensor.shape;
  }

  /** Lowers a node. Constants, and what costs the same in any layout, are made when they are read. */
  lowerNode(
    node: Tensor,
    layout: Layout,
    loweringOf: (node: Tensor) => NodeLowering<this, Value, never>,
  ): void {
    if (isConstant(node)) {
      const data = constantData(node);
      this.defer(node, (wanted) => this.constant(reorder(data, wanted)));
      return;
    }
    if (node.operation.kind === 'leaf') return;
    const { lower, onDemand } = loweringOf(node);
    const make = (wanted: Layout) => {
      const outer = this.scope;
      this.scope = node.scope;
      const value = lower({ graph: this, node, attributes: node.attributes as never, layout: wanted });
      this.scope = outer;
      return value;
    };
    if (onDemand) this.defer(node, make);
    else this.define(node, make(layout), layout);
  }

  /** Notes the value a node of the program became. */
  define(tensor: Tensor, value: Value, layout: Layout): void {
    const type = this.typeOf(tensor);
    this.#values.set(tensor, { native: layout, type, copies: new Map([[`${layout} ${type}`, value]]) });
  }

  /** Notes how to make the value of a node in whatever layout it is asked for. */
  defer(tensor: Tensor, make: (layout: Layout) => Value): void {
    this.#values.set(tensor, { type: tensor.dtype, copies: new Map(), make });
  }

  /** The value a node of the program became, in a layout and an element type: by default the program's own. */
  read(
    tensor: Tensor,
    layout: Layout = logical(tensor.shape.length),
    type: TensorflowType = tensor.dtype,
  ): Value {
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
  inOrder(tensor: Tensor): Value {
    const { native } = this.#values.get(tensor)!;
    const order = logical(tensor.shape.length);
    const inPlace = native !== undefined && isReshape(this.shapeOf(tensor), native, order);
    return this.read(tensor, inPlace ? native : order);
  }

  /** An operand of a broadcasting operation whose result has this layout. */
  readBroadcast(tensor: Tensor, layout: Layout, type: TensorflowType = tensor.dtype): Value {
    const missing = layout.length - tensor.shape.length;
    if (missing === 0) return this.read(tensor, layout, type);
    if (sizeOf(tensor.shape) === 1) return this.read(tensor);
    const shape = [...Array<number>(missing).fill(1), ...this.shapeOf(tensor)];
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
    { native, type: held, make }: Placed<Value>,
    layout: Layout,
    type: TensorflowType,
  ): Value {
    if (type !== held) return this.cast(this.read(tensor, layout, held), held, type);
    if (make !== undefined) return make(layout);
    const value = this.read(tensor, native!, held);
    const shape = this.shapeOf(tensor);
    return isReshape(shape, native!, layout)
      ? this.reshape(held, value, inMemory(shape, layout))
      : this.transpose(held, value, orderBetween(native!, layout));
  }
}
