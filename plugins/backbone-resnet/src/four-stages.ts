import { type Backbone, defineBackbone, type StemOptions } from '@limbeck/core';
import { globalAveragePool } from '@limbeck/graph';
import { basicBlock } from './basic-block.js';
import { bottleneck } from './bottleneck.js';
import { namingsOf } from './namings.js';
import { residualStages } from './stages.js';
import { optionsOf, stems } from './stems.js';

/** Depths of the paper's table 1, each with its block and the blocks of the four stages. */
const depths = {
  18: { block: basicBlock, blocks: [2, 2, 2, 2] },
  34: { block: basicBlock, blocks: [3, 4, 6, 3] },
  50: { block: bottleneck, blocks: [3, 4, 6, 3] },
  101: { block: bottleneck, blocks: [3, 4, 23, 3] },
  152: { block: bottleneck, blocks: [3, 8, 36, 3] },
} as const;

/** The two published forms, named after their stems: what their code calls the parts. */
const forms = {
  imagenet: {
    shortcutName: 'downsample',
    classifier: 'fc',
    cite: 'arXiv:1512.03385; pytorch/vision:torchvision/models/resnet.py',
    description: '7x7 stem and max pool',
  },
  cifar: {
    shortcutName: 'shortcut',
    classifier: 'linear',
    cite: 'arXiv:1512.03385; HobbitLong/RepDistiller:models/resnetv2.py',
    description: '3x3 stem for small images',
  },
} as const;

/** What tells the members of the family apart. */
export interface FourStageResNet {
  readonly id: string;
  readonly depth: keyof typeof depths;
  /** `imagenet`: torchvision's; `cifar`: RepDistiller's, whose stem keeps the resolution of small images. */
  readonly form: keyof typeof forms;
}

/**
 * A ResNet of four stages, 64 to 512 channels in its 3x3 convolutions, as torchvision or RepDistiller publish it.
 *
 * Taps: `stem` (behind the max pool, where there is one), `stage1`-`stage4` and `last-map` after the ReLU,
 * `stage1.preact`-`stage4.preact` before it.
 */
export function fourStageResNet({ id, depth, form }: FourStageResNet): Backbone<StemOptions> {
  const { shortcutName, classifier, cite, description } = forms[form];
  const stages = { ...depths[depth], widths: [64, 128, 256, 512], shortcutName };
  return defineBackbone({
    id,
    description: `ResNet, ${depth} layers, ${description}`,
    cite,
    options: optionsOf(form),
    namings: namingsOf({ shortcutName, classifier }),
    encode: (m, image, { stem }) =>
      globalAveragePool(residualStages(m, m.tap('stem', stems[stem](m, image, 64)), stages)),
    classify: (m, embedding, classes) => m.linear(classifier, embedding, { out: classes }),
  });
}
