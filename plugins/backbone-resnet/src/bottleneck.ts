import { add, relu } from '@limbeck/graph';
import { type Block, convInit, shortcut } from './block.js';

/** Channels of a bottleneck's result for each channel inside. */
const expansion = 4;

/**
 * A 3x3 convolution between two 1x1 ones beside a shortcut (He et al., 2016, fig. 5), before the last ReLU. The stride is
 * the 3x3 convolution's, as in torchvision.
 */
export const bottleneck: Block = (m, x, { width, stride, shortcutName }) => {
  const out = width * expansion;
  const conv1 = m.conv('conv1', x, { out: width, kernel: 1, init: convInit });
  const narrow = relu(m.batchNorm('bn1', conv1));
  const conv2 = m.conv('conv2', narrow, { out: width, kernel: 3, stride, padding: 1, init: convInit });
  const y = relu(m.batchNorm('bn2', conv2));
  const z = m.batchNorm('bn3', m.conv('conv3', y, { out, kernel: 1, init: convInit }));
  return add(z, shortcut(m.in(shortcutName), x, out, stride));
};
