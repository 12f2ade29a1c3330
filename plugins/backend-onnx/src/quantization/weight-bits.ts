import { probeModel } from '../probe-model.js';
import type { Runtime } from '../runtime.js';
import type { WeightBits } from './weights.js';

const [rows, depth, columns] = [16, 64, 32];

/**
 * How many bits of a weight the CPU's integer kernels take without error. x86 without VNNI adds two products of an
 * activation and a weight in 16 bits, where 255 x 127 twice does not fit and is cut off; with 7-bit weights it does.
 * Found by letting the runtime multiply the largest numbers there are.
 */
export async function findWeightBits(runtime: Runtime): Promise<WeightBits> {
  const largest = new Int8Array(depth * columns).fill(127);
  const bytes = probeModel({ opType: 'MatMulInteger' }, ['a', 'b'], {
    inputs: [{ name: 'a', dtype: 'uint8', shape: [rows, depth] }],
    outputs: [{ name: 'y', dtype: 'int32', shape: [rows, columns] }],
    initializers: [{ name: 'b', dtype: 'int8', shape: [depth, columns], data: largest }],
  });
  const session = await runtime.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const a = new runtime.Tensor('uint8', new Uint8Array(rows * depth).fill(255), [rows, depth]);
  const { y } = await session.run({ a });
  await session.release();
  return (y!.data as Int32Array).every((value) => value === 255 * 127 * depth) ? 8 : 7;
}
