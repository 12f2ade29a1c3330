import { LimbeckError } from '@limbeck/core';
import { relu, type Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';

/**
 * 1x1, 3x3 and 1x1 convolutions, each with batch norm and ReLU: from the student's map [N, C, H, W] to `out` channels,
 * through floor(out / reduction) channels (Chen et al., SimKD, CVPR 2022).
 *
 * @throws LimbeckError PRECONDITION where the reduction leaves no channel
 */
export function bottleneck(
  m: Scope,
  x: Tensor,
  { out, reduction }: { out: number; reduction: number },
): Tensor {
  const width = Math.floor(out / reduction);
  if (width < 1) {
    throw new LimbeckError(
      'PRECONDITION',
      `a reduction factor of ${reduction} leaves nothing of the teacher's ${out} channels`,
      { hint: `choose at most ${out}` },
    );
  }
  return m.scoped(() => {
    const squeezed = relu(m.batchNorm('bn1', m.conv('conv1', x, { out: width, kernel: 1 })));
    const mixed = relu(m.batchNorm('bn2', m.conv('conv2', squeezed, { out: width, kernel: 3, padding: 1 })));
    return relu(m.batchNorm('bn3', m.conv('conv3', mixed, { out, kernel: 1 })));
  });
}
