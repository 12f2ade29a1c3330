import { reshape, type Tensor, transpose } from '@limbeck/graph';

/** Deals the channels of `groups` equal groups out in turn: x [N, C, H, W] -> [N, C, H, W] (Zhang et al., 2018, fig. 1). */
export function channelShuffle(x: Tensor, groups: number): Tensor {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const grouped = reshape(x, [n, groups, c / groups, h * w]);
  return reshape(transpose(grouped, [0, 2, 1, 3]), x.shape);
}
