import { LimbeckError } from '@limbeck/core';
import { relu, type Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';

/** What a bottleneck projector is made of. */
export interface Bottleneck {
  /** Channels of the result: the teacher's. */
  readonly out: number;
  /** The inner width is floor(out / reduction). */
  readonly reduction: number;
  /** The middle convolution works within each channel. */
  readonly depthwise: boolean;
  /** Of the middle convolution: 3, or 1 for vectors. */
  readonly kernel: 1 | 3;
}

/** One convolution of a bottleneck; batch norm and ReLU follow it. */
export interface BottleneckLayer {
  /** `1` to `3`: names are `conv1`, `bn1` ... */
  readonly place: number;
  readonly inputs: number;
  readonly out: number;
  readonly kernel: 1 | 3;
  readonly groups: number;
}

/**
 * The layers of a bottleneck on `inputs` channels.
 *
 * @throws LimbeckError PRECONDITION where the reduction leaves no channel
 */
export function bottleneckLayers(
  inputs: number,
  { out, reduction, depthwise, kernel }: Bottleneck,
): readonly BottleneckLayer[] {
  const width = Math.floor(out / reduction);
  if (width < 1) {
    throw new LimbeckError(
      'PRECONDITION',
      `a reduction factor of ${reduction} leaves nothing of the teacher's ${out} channels`,
      { hint: `choose at most ${out}` },
    );
  }
  return [
    { place: 1, inputs, out: width, kernel: 1, groups: 1 },
    { place: 2, inputs: width, out: width, kernel, groups: depthwise ? width : 1 },
    { place: 3, inputs: width, out, kernel: 1, groups: 1 },
  ];
}

/** Keeps the size of a map. */
export const paddingOf = ({ kernel }: BottleneckLayer): number => (kernel - 1) / 2;

/**
 * 1x1, 3x3 and 1x1 convolutions, each with batch norm and ReLU: from the student's map [N, C, H, W] to `out` channels,
 * through floor(out / reduction) channels (Chen et al., SimKD, CVPR 2022).
 */
export function bottleneck(m: Scope, x: Tensor, options: Bottleneck): Tensor {
  const layers = bottleneckLayers(x.shape[1]!, options);
  return m.scoped(() =>
    layers.reduce((map, layer) => {
      const { out, kernel, groups, place } = layer;
      const convolved = m.conv(`conv${place}`, map, { out, kernel, groups, padding: paddingOf(layer) });
      return relu(m.batchNorm(`bn${place}`, convolved));
    }, x),
  );
}
