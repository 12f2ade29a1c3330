import { add, relu } from '@limbeck/graph';
import { type Block, convInit, shortcut } from './block.js';

/** Two 3x3 convolutions beside a shortcut (He et al., 2016, fig. 2), before the last ReLU: the pre-activation. */
export const basicBlock: Block = (m, x, { width, stride, shortcutName }) => {
  const conv1 = m.conv('conv1', x, { out: width, kernel: 3, stride, padding: 1, init: convInit });
  const y = relu(m.batchNorm('bn1', conv1));
  const z = m.batchNorm('bn2', m.conv('conv2', y, { out: width, kernel: 3, padding: 1, init: convInit }));
  return add(z, shortcut(m.in(shortcutName), x, width, stride));
};
