import { broadcastTo, gather, type Pair, reshape, type Tensor, tensorData } from '@limbeck/graph';

/**
 * A map [N, C, H, W] with another height and width, each element that of the position nearest above and to the left, as
 * PyTorch's `interpolate` picks it in its mode `nearest`.
 */
export function resizeNearest(map: Tensor, [height, width]: Pair): Tensor {
  const [n, c, h, w] = map.shape as [number, number, number, number];
  if (h === height && w === width) return map;
  if (height % h === 0 && width % w === 0) {
    const [down, across] = [height / h, width / w];
    const spread = broadcastTo(reshape(map, [n, c, h, 1, w, 1]), [n, c, h, down, w, across]);
    return reshape(spread, [n, c, height, width]);
  }
  const nearest = (from: number, to: number) => {
    const indices = Int32Array.from({ length: to }, (_, i) => Math.floor((i * from) / to));
    return map.graph.constant(tensorData('int32', [to], indices));
  };
  return gather(gather(map, nearest(h, height), { axis: 2 }), nearest(w, width), { axis: 3 });
}
