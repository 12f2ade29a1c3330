import { add, relu, type Tensor } from '@limbeck/graph';
import { kaimingNormal, type Scope } from '@limbeck/nn';

/** The published models draw every convolution from He's normal distribution over the fan out. */
export const convInit = kaimingNormal('out');

/**
 * Batch norm and ReLU in front of each of two 3x3 convolutions (Zagoruyko and Komodakis, 2016). The sum with the shortcut
 * keeps its sign: its activation is the next block's.
 *
 * @param preact tap for the first batch norm's result, which is the pre-activation of the stage before
 */
export function wideBlock(
  m: Scope,
  x: Tensor,
  { width, stride, preact }: { width: number; stride: number; preact?: string | undefined },
): Tensor {
  const normalized = m.batchNorm('bn1', x);
  if (preact !== undefined) m.tap(preact, normalized);
  const active = relu(normalized);
  const conv1 = m.conv('conv1', active, { out: width, kernel: 3, stride, padding: 1, init: convInit });
  const y = relu(m.batchNorm('bn2', conv1));
  const z = m.conv('conv2', y, { out: width, kernel: 3, padding: 1, init: convInit });
  if (x.shape[1] === width) return add(x, z);
  return add(m.conv('convShortcut', active, { out: width, kernel: 1, stride, init: convInit }), z);
}
