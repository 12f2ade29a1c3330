import { avgPool, concat, relu, type Tensor } from '@limbeck/graph';
import { kaimingNormal, type Scope } from '@limbeck/nn';

/** Torchvision draws every convolution from He's normal distribution over the fan in. */
export const convInit = kaimingNormal('in');

/** Channels of the 1x1 convolution in a layer, as a multiple of what the layer adds. */
const bottleneck = 4;

/** Batch norm, ReLU, 1x1 convolution, batch norm, ReLU, 3x3 convolution: x -> `growth` new channels. */
function denseLayer(m: Scope, x: Tensor, growth: number): Tensor {
  const active = relu(m.batchNorm('norm1', x));
  const narrow = m.conv('conv1', active, { out: bottleneck * growth, kernel: 1, init: convInit });
  const y = relu(m.batchNorm('norm2', narrow));
  return m.conv('conv2', y, { out: growth, kernel: 3, padding: 1, init: convInit });
}

/** Every layer reads all that came before it and adds `growth` channels (Huang et al., 2017, fig. 2). */
export function denseBlock(m: Scope, input: Tensor, layers: number, growth: number): Tensor {
  const maps = [input];
  for (let i = 1; i <= layers; i++) {
    const x = concat(maps, { axis: 1 });
    maps.push(m.block(`denselayer${i}`, (layer) => denseLayer(layer, x, growth)));
  }
  return concat(maps, { axis: 1 });
}

/**
 * Half the channels and half the resolution. A map that is one pixel high or wide stays so, where the published code
 * fails.
 *
 * @param active the block's map behind its batch norm and ReLU
 */
export function halve(m: Scope, active: Tensor): Tensor {
  const [, channels, height, width] = active.shape as [number, number, number, number];
  const y = m.conv('conv', active, { out: Math.floor(channels / 2), kernel: 1, init: convInit });
  return avgPool(y, { kernel: [Math.min(2, height), Math.min(2, width)] });
}
