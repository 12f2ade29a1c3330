import type { Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';

/** A run of inverted residuals (Sandler et al., 2018, table 2). */
export interface Run {
  /** How many times as wide a block is inside as at its entrance. */
  readonly expansion: number;
  /** Channels of the result at width 1. */
  readonly width: number;
  readonly count: number;
  /** Of the first block. */
  readonly stride: number;
  /** The stage whose map this run gives, if it gives one. */
  readonly stage?: number;
}

/**
 * The seven runs of MobileNetV2 with the four maps that the distillation literature reads.
 *
 * @param secondStride of the second run: 2 in the paper, 1 for small images
 */
export const mobileNetV2Runs = (secondStride: 1 | 2): readonly Run[] => [
  { expansion: 1, width: 16, count: 1, stride: 1 },
  { expansion: 6, width: 24, count: 2, stride: secondStride, stage: 1 },
  { expansion: 6, width: 32, count: 3, stride: 2, stage: 2 },
  { expansion: 6, width: 64, count: 4, stride: 2 },
  { expansion: 6, width: 96, count: 3, stride: 1, stage: 3 },
  { expansion: 6, width: 160, count: 3, stride: 2 },
  { expansion: 6, width: 320, count: 1, stride: 1, stage: 4 },
];

/** Declares the map of a run's stage. No activation follows it, so it is its own pre-activation. */
export function tapStage(m: Scope, { stage }: Run, map: Tensor): void {
  if (stage === undefined) return;
  m.tap(`stage${stage}`, map);
  m.tap(`stage${stage}.preact`, map);
}
