import { relu, type Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import type { Block } from './block.js';

/** The residual part of a ResNet. */
export interface Stages {
  readonly block: Block;
  /** Channels of each stage. */
  readonly widths: readonly number[];
  /** Blocks of each stage. */
  readonly blocks: readonly number[];
  /** What the published code calls the convolution beside a block. */
  readonly shortcutName: string;
}

/**
 * Stages `layer1`, `layer2` ..., each but the first at half the resolution of the one before.
 *
 * Taps: `stage1` ... after the last block's ReLU, `stage1.preact` ... before it, and `last-map`.
 */
export function residualStages(m: Scope, stem: Tensor, stages: Stages): Tensor {
  const { block, widths, blocks, shortcutName } = stages;
  let x = stem;
  for (const [i, width] of widths.entries()) {
    const stage = i + 1;
    x = m.block(`layer${stage}`, (layer) => {
      for (let n = 0; n < blocks[i]!; n++) {
        x = layer.block(n, (b) => {
          const sum = block(b, x, { width, stride: i > 0 && n === 0 ? 2 : 1, shortcutName });
          if (n === blocks[i]! - 1) m.tap(`stage${stage}.preact`, sum);
          return relu(sum);
        });
      }
      return x;
    });
    m.tap(`stage${stage}`, x);
  }
  return m.tap('last-map', x);
}
