import type { WeightNaming } from '@limbeck/core';
import { mobileNetV2Runs } from './runs.js';

type Rules = WeightNaming['rename'];

const padded =
  'its convolutions pad as TensorFlow does and normalise with another epsilon, which changes every value';

/** Where blocks of each of timm's stages begin, counted on. */
function starts(counts: readonly number[]): readonly number[] {
  let at = 0;
  return counts.map((count) => {
    at += count;
    return at - count;
  });
}

const numbered = (counts: readonly number[], to: (block: number) => string): Rules =>
  starts(counts).flatMap((start, stage) =>
    Array.from(
      { length: counts[stage]! },
      (_, n) => [`^blocks[.]${stage}[.]${n}[.]`, to(start + n)] as const,
    ),
  );

/** Of the first inverted residual, which does not widen. */
const narrow = 'features[.]1';

/** Names of a MobileNetV2's weights in other code; its own are torchvision's. */
export const ofVersion2: readonly WeightNaming[] = [
  {
    by: 'timm',
    rename: [
      ['^conv_stem[.]', 'features.0.0.'],
      ['^bn1[.]', 'features.0.1.'],
      ['^conv_head[.]', 'features.18.0.'],
      ['^bn2[.]', 'features.18.1.'],
      ['^classifier[.]', 'classifier.1.'],
      ...numbered(
        mobileNetV2Runs(2).map(({ count }) => count),
        (block) => `features.${block + 1}.`,
      ),
      [`^(${narrow})[.]conv_dw[.]`, '$1.conv.0.0.'],
      [`^(${narrow})[.]bn1[.]`, '$1.conv.0.1.'],
      [`^(${narrow})[.]conv_pw[.]`, '$1.conv.1.'],
      [`^(${narrow})[.]bn2[.]`, '$1.conv.2.'],
      ['[.]conv_pw[.]', '.conv.0.0.'],
      ['[.]bn1[.]', '.conv.0.1.'],
      ['[.]conv_dw[.]', '.conv.1.0.'],
      ['[.]bn2[.]', '.conv.1.1.'],
      ['[.]conv_pwl[.]', '.conv.2.'],
      ['[.]bn3[.]', '.conv.3.'],
    ],
  },
  {
    by: 'Hugging Face',
    rename: [
      ['^mobilenet_v2[.]', ''],
      ['^conv_stem[.]first_conv[.]convolution[.]', 'features.0.0.'],
      ['^conv_stem[.]first_conv[.]normalization[.]', 'features.0.1.'],
      ['^conv_stem[.]conv_3x3[.]convolution[.]', 'features.1.conv.0.0.'],
      ['^conv_stem[.]conv_3x3[.]normalization[.]', 'features.1.conv.0.1.'],
      ['^conv_stem[.]reduce_1x1[.]convolution[.]', 'features.1.conv.1.'],
      ['^conv_stem[.]reduce_1x1[.]normalization[.]', 'features.1.conv.2.'],
      ...Array.from({ length: 16 }, (_, i) => [`^layer[.]${i}[.]`, `features.${i + 2}.`] as const),
      ['[.]expand_1x1[.]convolution[.]', '.conv.0.0.'],
      ['[.]expand_1x1[.]normalization[.]', '.conv.0.1.'],
      ['[.]conv_3x3[.]convolution[.]', '.conv.1.0.'],
      ['[.]conv_3x3[.]normalization[.]', '.conv.1.1.'],
      ['[.]reduce_1x1[.]convolution[.]', '.conv.2.'],
      ['[.]reduce_1x1[.]normalization[.]', '.conv.3.'],
      ['^conv_1x1[.]convolution[.]', 'features.18.0.'],
      ['^conv_1x1[.]normalization[.]', 'features.18.1.'],
      ['^classifier[.]', 'classifier.1.'],
    ],
    refuse: padded,
  },
];

/** Where a block of a MobileNet V1 stands here. */
const placeOf = (block: number): string => (block < 11 ? `model1.${block + 1}.` : `model2.${block - 11}.`);

/** Names of a MobileNet V1's weights in other code. */
export const ofVersion1: readonly WeightNaming[] = [
  {
    by: 'timm',
    rename: [
      ['^conv_stem[.]', 'model1.0.0.'],
      ['^bn1[.]', 'model1.0.1.'],
      ...numbered([1, 2, 2, 6, 2], placeOf),
      ['[.]conv_dw[.]', '.0.'],
      ['[.]bn1[.]', '.1.'],
      ['[.]conv_pw[.]', '.3.'],
      ['[.]bn2[.]', '.4.'],
      ['^classifier[.]', 'fc.'],
    ],
    refuse: 'its activations are cut off at 6, those of this network are not',
  },
  {
    by: 'Hugging Face',
    rename: [
      ['^mobilenet_v1[.]', ''],
      ['^conv_stem[.]convolution[.]', 'model1.0.0.'],
      ['^conv_stem[.]normalization[.]', 'model1.0.1.'],
      ...Array.from({ length: 13 }, (_, i) => [
        [`^layer[.]${2 * i}[.]convolution[.]`, `${placeOf(i)}0.`] as const,
        [`^layer[.]${2 * i}[.]normalization[.]`, `${placeOf(i)}1.`] as const,
        [`^layer[.]${2 * i + 1}[.]convolution[.]`, `${placeOf(i)}3.`] as const,
        [`^layer[.]${2 * i + 1}[.]normalization[.]`, `${placeOf(i)}4.`] as const,
      ]).flat(),
      ['^classifier[.]', 'fc.'],
    ],
    refuse: padded,
  },
];
