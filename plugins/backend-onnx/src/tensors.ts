import type { Feeds } from '@limbeck/core/backend';
import type { DType, TensorData } from '@limbeck/graph';
import type { Tensor as RuntimeTensor } from 'onnxruntime-node';
import type { Runtime } from './runtime.js';
import type { CarriedTensor } from './trial/trial-script.js';

/** A host tensor as the runtime takes it: the same memory. */
export function wrap(runtime: Runtime, { dtype, shape, data }: TensorData): RuntimeTensor {
  return new runtime.Tensor(dtype as 'float32', data as Float32Array, shape);
}

/** Inputs on their way to another process. */
export const carried = (feeds: Feeds): Record<string, CarriedTensor> =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, shape, data }]) => [name, { dtype, shape, data }]),
  );

/** What the runtime gives back as a host tensor: the same memory. */
export function unwrap(tensor: RuntimeTensor): TensorData {
  return { dtype: tensor.type as DType, shape: tensor.dims, data: tensor.data as Float32Array };
}
