import { allocate, isFloat, type TensorData, tensorData } from '../dtype.js';
import type { ReferenceValue } from '../operation.js';

const scratch = new DataView(new ArrayBuffer(4));

/** A float as bfloat16 bits, rounded to nearest even. */
export function toBfloat16(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  if (Number.isNaN(value)) return 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The float that bfloat16 bits stand for. */
export function fromBfloat16(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

/** Host data as float64 numbers. */
export function toReference({ dtype, shape, data }: TensorData): ReferenceValue {
  const numbers =
    dtype === 'bfloat16' ? Float64Array.from(data as Uint16Array, fromBfloat16) : new Float64Array(data);
  return { dtype, shape, data: numbers };
}

/** Float64 numbers as host data, rounded to the element type. */
export function fromReference({ dtype, shape, data }: ReferenceValue): TensorData {
  const out = allocate(dtype, data.length);
  if (dtype === 'bfloat16') for (let i = 0; i < data.length; i++) out[i] = toBfloat16(data[i]!);
  else out.set(data);
  return tensorData(dtype, shape, out as never);
}

/** Rounds to what the element type can hold, in place; integers beyond its ends go round. */
export function roundTo({ dtype, data }: ReferenceValue): void {
  if (!isFloat(dtype)) {
    const held = allocate(dtype, data.length);
    held.set(data);
    data.set(held);
    return;
  }
  const round = dtype === 'float32' ? Math.fround : (value: number) => fromBfloat16(toBfloat16(value));
  for (let i = 0; i < data.length; i++) data[i] = round(data[i]!);
}
