import type { TensorflowType } from '@limbeck/formats';
import { type DType, type Shape, sameShape, type Tensor, type TensorData, tensorData } from '@limbeck/graph';
import { inMemory, type Layout } from '../../lowering/layout.js';
import { PlacedValues } from '../../lowering/placed-values.js';
import { type CarrierType, carrierOf } from '../../lowering/ports.js';
import type { KernelTarget } from '../device.js';
import { alongAxes } from './along-axes.js';
import type { KernelCall, Slot, SlotInputs } from './plan.js';

/** Constants up to this many elements are compared, so that equal ones are stored once. */
const comparable = 64;

/** Collects the kernel calls of one program. Equal calls are made once. */
export class PlanBuilder extends PlacedValues<Slot> {
  readonly target: KernelTarget;
  readonly calls: Omit<KernelCall, 'frees'>[] = [];
  readonly constants: { readonly slot: Slot; readonly data: TensorData }[] = [];
  readonly #interned = new Map<string, Slot>();
  #size = 0;

  constructor(target: KernelTarget) {
    super();
    this.target = target;
  }

  /** Number of places taken. */
  get size(): number {
    return this.#size;
  }

  /** A place for a value that comes from elsewhere. */
  place(): Slot {
    return this.#size++;
  }

  /** One kernel call; returns where its result is. */
  emit(kernel: string, inputs: SlotInputs, attributes: Readonly<Record<string, unknown>> = {}): Slot {
    const key = `${kernel}${JSON.stringify(inputs)}${JSON.stringify(attributes, spelt)}`;
    let result = this.#interned.get(key);
    if (result === undefined) {
      result = this.place();
      this.calls.push({ kernel, inputs, attributes, result, scope: this.scope });
      this.#interned.set(key, result);
    }
    return result;
  }

  /** Data known when the plan is made. */
  constant(data: TensorData): Slot {
    const small = data.data.length <= comparable;
    const key = `${data.dtype}[${data.shape}]${small ? data.data.join() : ''}`;
    const known = small ? this.#interned.get(key) : undefined;
    if (known !== undefined) return known;
    const slot = this.place();
    this.constants.push({ slot, data });
    if (small) this.#interned.set(key, slot);
    return slot;
  }

  /** A constant of shape []. */
  scalar(value: number, dtype: CarrierType = 'float32'): Slot {
    const data = tensorData(dtype, []);
    data.data[0] = value;
    return this.constant(data);
  }

  /** A vector of `size` equal numbers. */
  filled(value: number, size: number): Slot {
    return this.constant(tensorData('float32', [size], new Float32Array(size).fill(value)));
  }

  reshape(_: TensorflowType, x: Slot, shape: Shape): Slot {
    return this.emit('Reshape', { x }, { shape });
  }

  transpose(dtype: TensorflowType, x: Slot, order: readonly number[]): Slot {
    const turned = (value: Slot) => this.emit('Transpose', { x: value }, { perm: order });
    const carrier = carrierOf(dtype as 'float32');
    // beyond matrices the kernel for graphics processors compiles for floats alone
    if (this.target.device !== 'webgpu' || carrier === 'float32' || order.length <= 2) return turned(x);
    return this.cast(turned(this.cast(x, carrier, 'float32')), 'float32', carrier);
  }

  cast(x: Slot, from: TensorflowType, to: TensorflowType): Slot {
    const [source, target] = [carrierOf(from as 'float32'), carrierOf(to as 'float32')];
    if (source === target) return x;
    // some devices would truncate on the way
    if (target === 'bool') return this.emit('NotEqual', { a: x, b: this.scalar(0, source) });
    const cast = this.emit('Cast', { x }, { dtype: target });
    // integers are only called floats there, and some kernels trip over them: a product makes floats of them
    const renamed = this.target.device === 'webgpu' && target === 'float32';
    return renamed ? this.emit('Multiply', { a: cast, b: this.scalar(1) }) : cast;
  }

  /** An operand at the shape of a result that has this layout: not every kernel stretches by itself. */
  stretched(tensor: Tensor, layout: Layout, target: Shape): Slot {
    const shape = [...Array<number>(layout.length - tensor.shape.length).fill(1), ...tensor.shape];
    const value = this.readBroadcast(tensor, layout);
    const apart = sameShape(shape, tensor.shape)
      ? value
      : this.reshape(tensor.dtype, value, inMemory(shape, layout));
    const sizes = inMemory(shape, layout);
    const reps = inMemory(target, layout).map((size, axis) => size / sizes[axis]!);
    return alongAxes(
      this,
      { value: apart, sizes, dtype: tensor.dtype },
      {
        whole: () => this.tile(apart, reps),
        axes: reps.flatMap((n, axis) => (n === 1 ? [] : [axis])),
        along: (x, axis) => this.tile(x, [1, reps[axis]!, 1]),
        sizeAfter: (axis) => sizes[axis]! * reps[axis]!,
      },
    );
  }

  /** A value repeated along each axis. */
  tile(x: Slot, reps: readonly number[]): Slot {
    return reps.every((n) => n === 1) ? x : this.emit('Tile', { x }, { reps });
  }

  /** A value with `constantValue` around it: before and after, axis by axis. */
  pad(x: Slot, paddings: readonly (readonly [number, number])[], constantValue = 0): Slot {
    if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
    return this.emit('PadV2', { x }, { paddings, constantValue });
  }

  /** Part of a value, contiguous along each axis. */
  slice(x: Slot, begin: readonly number[], size: readonly number[]): Slot {
    return this.emit('Slice', { x }, { begin, size });
  }

  /** Part of a value with steps along its axes. */
  stridedSlice(
    x: Slot,
    begin: readonly number[],
    end: readonly number[],
    strides: readonly number[],
    dtype: DType = 'float32',
  ): Slot {
    const spans = end.map((n, axis) => n - begin[axis]!);
    if (strides.every((step) => step === 1)) return this.slice(x, begin, spans);
    // the WASM backend takes whatever it is given for floats
    if (this.target.device !== 'wasm' || carrierOf(dtype) === 'float32')
      return this.emit('StridedSlice', { x }, { begin, end, strides, ...noMasks });
    return strides.reduce(
      (part, step, axis) => {
        if (step === 1) return part;
        const places = Int32Array.from({ length: Math.ceil(spans[axis]! / step) }, (_, i) => i * step);
        const indices = this.constant(tensorData('int32', [places.length], places));
        return this.emit('GatherV2', { x: part, indices }, { axis, batchDims: 0 });
      },
      this.slice(x, begin, spans),
    );
  }

  /** What a kernel that only moves elements makes of values: those of the WASM backend move four bytes each. */
  moved(values: readonly Slot[], dtype: DType, move: (values: readonly Slot[]) => Slot): Slot {
    if (this.target.device !== 'wasm' || dtype !== 'bool') return move(values);
    const wide = move(values.map((value) => this.cast(value, 'bool', 'int32')));
    return this.cast(wide, 'int32', 'bool');
  }

  /** Values side by side along an axis. */
  concat(parts: readonly Slot[], axis: number): Slot {
    return parts.length === 1 ? parts[0]! : this.emit('Concat', parts, { axis });
  }
}

const noMasks = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 };

/** Numbers that JSON does not know, in keys. */
const spelt = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
