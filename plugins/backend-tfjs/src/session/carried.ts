import type { TensorData } from '@limbeck/graph';
import { carrierOf } from '../lowering/ports.js';

/** A tensor as tfjs takes it: element types it does not know travel as integers. */
export interface CarriedTensor {
  readonly dtype: ReturnType<typeof carrierOf>;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

export function carried({ dtype, shape, data }: TensorData): CarriedTensor {
  const carrier = carrierOf(dtype);
  const values = carrier === dtype ? (data as Float32Array | Int32Array | Uint8Array) : Int32Array.from(data);
  return { dtype: carrier, shape, data: values };
}
