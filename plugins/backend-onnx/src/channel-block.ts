import { probeModel } from './probe-model.js';
import type { Runtime } from './runtime.js';

/** Channels enough for the largest block there is. */
const channels = 32;

/**
 * How many channels the CPU's blocked convolutions put side by side: 16 with AVX-512, 8 with AVX, 0 where the runtime
 * has none. Found by letting it reorder channel numbers and looking where each went.
 */
export async function findChannelBlock(runtime: Runtime): Promise<number> {
  const value = (name: string) => ({ name, dtype: 'float32' as const, shape: [1, channels, 1, 2] });
  const reorder = { opType: 'ReorderInput', domain: 'com.microsoft.nchwc' };
  const bytes = probeModel(reorder, ['x'], { inputs: [value('x')], outputs: [value('y')] });
  // each position holds the number of its channel; the second position follows the first after one block
  const data = Float32Array.from({ length: channels * 2 }, (_, i) => i);
  try {
    const session = await runtime.InferenceSession.create(bytes, {
      intraOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    const { y } = await session.run({ x: new runtime.Tensor('float32', data, [1, channels, 1, 2]) });
    await session.release();
    const block = (y!.data as Float32Array).indexOf(1);
    return block === 8 || block === 16 ? block : 0;
  } catch {
    // a build without these operators
    return 0;
  }
}
