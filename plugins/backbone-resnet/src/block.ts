import type { Tensor } from '@limbeck/graph';
import { kaimingNormal, type Scope } from '@limbeck/nn';

/** The published models draw every convolution from He's normal distribution over the fan out. */
export const convInit = kaimingNormal('out');

/** What one block of a stage is told. */
export interface BlockOptions {
  /** Channels of its 3x3 convolutions. */
  readonly width: number;
  readonly stride: number;
  /** What the published code calls the convolution beside the block. */
  readonly shortcutName: string;
}

/** One residual block, before its last ReLU. */
export type Block = (m: Scope, x: Tensor, options: BlockOptions) => Tensor;

/** The input itself, or a 1x1 convolution with batch norm where the stride or the width changes. */
export function shortcut(m: Scope, x: Tensor, out: number, stride: number): Tensor {
  if (stride === 1 && x.shape[1] === out) return x;
  return m.batchNorm(1, m.conv(0, x, { out, kernel: 1, stride, init: convInit }));
}
