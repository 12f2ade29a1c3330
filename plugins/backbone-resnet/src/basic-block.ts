import { add, relu, type Tensor } from '@limbeck/graph';
import { kaimingNormal, type Scope } from '@limbeck/nn';

/** The published models draw every convolution from He's normal distribution over the fan out. */
export const convInit = kaimingNormal('out');

/** Two 3x3 convolutions beside a shortcut (He et al., 2016, fig. 2), before the last ReLU: the pre-activation. */
export function basicBlock(m: Scope, x: Tensor, width: number, stride: number): Tensor {
  const conv1 = m.conv('conv1', x, { out: width, kernel: 3, stride, padding: 1, init: convInit });
  const y = relu(m.batchNorm('bn1', conv1));
  const z = m.batchNorm('bn2', m.conv('conv2', y, { out: width, kernel: 3, padding: 1, init: convInit }));
  return add(z, shortcut(m.in('downsample'), x, width, stride));
}

/** The input itself, or a 1x1 convolution with batch norm where the stride or the width changes. */
function shortcut(m: Scope, x: Tensor, width: number, stride: number): Tensor {
  if (stride === 1 && x.shape[1] === width) return x;
  return m.batchNorm(1, m.conv(0, x, { out: width, kernel: 1, stride, init: convInit }));
}
