import { type Backbone, defineBackbone, LimbeckError, type StemOptions } from '@limbeck/core';
import { globalAveragePool } from '@limbeck/graph';
import { basicBlock } from './basic-block.js';
import { namingsOf } from './namings.js';
import { residualStages } from './stages.js';
import { optionsOf, stems } from './stems.js';

/** What tells the members of the family apart. */
export interface CifarResNet {
  readonly id: string;
  /** 6n + 2 layers: n blocks in each of three stages. */
  readonly depth: number;
  /** Channels of the first convolution. */
  readonly stem: number;
  /** Channels of the three stages. */
  readonly widths: readonly [number, number, number];
}

/**
 * A CIFAR ResNet as RepDistiller publishes it: a 3x3 stem, three stages at full, half and quarter resolution, global
 * average pooling, one linear classifier. Where the published code pools a fixed 8x8 window this one pools the whole
 * map, which is the same at 32x32 and right at every other size.
 *
 * Taps: `stem` (behind the max pool, where there is one), `stage1`-`stage3` and `last-map` after the ReLU, `stage1.preact`-`stage3.preact` before it.
 */
export function cifarResNet({ id, depth, stem, widths }: CifarResNet): Backbone<StemOptions> {
  const blocks = (depth - 2) / 6;
  if (!Number.isInteger(blocks) || blocks < 1) {
    throw new LimbeckError(
      'PRECONDITION',
      `backbone '${id}': a CIFAR ResNet has 6n + 2 layers, not ${depth}`,
    );
  }
  const stages = {
    block: basicBlock,
    widths,
    blocks: widths.map(() => blocks),
    shortcutName: 'downsample',
  };
  return defineBackbone({
    id,
    description: `CIFAR ResNet, ${depth} layers, widths ${stem}/${widths.join(', ')}`,
    cite: 'arXiv:1512.03385; HobbitLong/RepDistiller:models/resnet.py',
    options: optionsOf('cifar'),
    namings: namingsOf({ shortcutName: stages.shortcutName, classifier: 'fc' }),
    encode: (m, image, options) =>
      globalAveragePool(residualStages(m, m.tap('stem', stems[options.stem](m, image, stem)), stages)),
    classify: (m, embedding, classes) => m.linear('fc', embedding, { out: classes }),
  });
}
