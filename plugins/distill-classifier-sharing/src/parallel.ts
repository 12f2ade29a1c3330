import { batchNorm, concat, conv2d, relu, reshape, type Tensor } from '@limbeck/graph';
import { ones, type Scope, torchDefault, zeros } from '@limbeck/nn';
import {
  type Bottleneck,
  type BottleneckLayer,
  bottleneck,
  bottleneckLayers,
  paddingOf,
} from './bottleneck.js';

/**
 * Several bottlenecks on one map [N, C, H, W] -> [N, count, out, H, W].
 *
 * In training each is computed by itself. In the deployed form their weights stand side by side: the first layers, which
 * read the same map, become one convolution, the others one grouped convolution each - three in place of 3 * count. With
 * frozen weights that is done once, when the model is compiled or exported.
 */
export function parallelBottlenecks(m: Scope, x: Tensor, count: number, options: Bottleneck): Tensor {
  const [n, , height, width] = x.shape as [number, number, number, number];
  const together =
    m.mode === 'train' || count === 1
      ? concat(
          Array.from({ length: count }, (_, k) => bottleneck(m.in(k), x, options)),
          { axis: 1 },
        )
      : m.scoped(() =>
          bottleneckLayers(x.shape[1]!, options).reduce((map, layer) => merged(m, map, layer, count), x),
        );
  return reshape(together, [n, count, options.out, height, width]);
}

/** One layer of all bottlenecks at once, in evaluation mode. */
function merged(m: Scope, map: Tensor, layer: BottleneckLayer, count: number): Tensor {
  const { place, inputs, out, kernel, groups } = layer;
  const each = (read: (projector: Scope) => Tensor) =>
    concat(
      Array.from({ length: count }, (_, k) => read(m.in(k))),
      { axis: 0 },
    );
  const shape = [out, inputs / groups, kernel, kernel];
  const weight = each((projector) => projector.in(`conv${place}`).parameter('weight', shape, torchDefault));
  const shared = map.shape[1] === inputs && place === 1;
  const convolved = conv2d(map, weight, {
    padding: paddingOf(layer),
    groups: shared ? groups : groups * count,
  });
  const norm = (projector: Scope) => projector.in(`bn${place}`);
  return relu(
    batchNorm(
      convolved,
      each((projector) => norm(projector).buffer('running_mean', [out], zeros)),
      each((projector) => norm(projector).buffer('running_var', [out], ones)),
      each((projector) => norm(projector).parameter('weight', [out], ones)),
      each((projector) => norm(projector).parameter('bias', [out], zeros)),
      { epsilon: 1e-5 },
    ),
  );
}
