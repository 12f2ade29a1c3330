import { allocate, type Tensor, type TensorData, tensorData } from '@limbeck/graph';
import { inMemory, isLogical, type Layout, logical, orderBetween } from '../lowering/layout.js';
import { carrierOf } from '../lowering/ports.js';
import { reorder } from '../lowering/reorder.js';
import type { KernelTensor, KernelValues, Tfjs } from './tfjs.js';

/** Host data as a tensor in a layout, on the active device. With `copy`, data that may not change with the caller's. */
export function upload(
  tf: Tfjs,
  given: TensorData,
  layout: Layout,
  { copy }: { copy: boolean },
): KernelTensor {
  const { dtype, shape, data } = reorder(given, layout);
  const carrier = carrierOf(dtype);
  const own = carrier === dtype ? data : Int32Array.from(data);
  return tf.tensor((copy && own === given.data ? own.slice() : own) as KernelValues, [...shape], carrier);
}

/** What a tensor holds, as host data of its own in the program's layout. */
export async function download(
  value: KernelTensor,
  { dtype, shape }: Tensor,
  layout: Layout = logical(shape.length),
): Promise<TensorData> {
  const values = await value.data();
  const data = allocate(dtype, values.length);
  data.set(values);
  const held = tensorData(dtype, inMemory(shape, layout), data as never);
  if (isLogical(layout)) return held;
  return reorder(held, orderBetween(layout, logical(layout.length)));
}
