import type { WeightNaming } from '@limbeck/core';

/** Layers of a unit's branches in torchvision's code, by their numbers here. */
const first = { branch1: [1, 2], branch2: [3, 4, 5] };
const other = { branch2: [1, 2, 3] };
/** Where torchvision keeps the convolutions of each branch; a batch norm follows each. */
const places = { branch1: [0, 2], branch2: [0, 3, 5] } as const;

const unit = (match: string, branches: Partial<Record<keyof typeof places, readonly number[]>>) =>
  Object.entries(branches).flatMap(([branch, layers]) =>
    layers.flatMap((layer, i) => {
      const place = places[branch as keyof typeof places][i]!;
      const start = `^(layer[1-3][.]${match})[.]${branch}[.]`;
      return [
        [`${start}${place}[.]`, `$1.conv${layer}.`],
        [`${start}${place + 1}[.]`, `$1.bn${layer}.`],
      ] as const;
    }),
  );

/** Names of a ShuffleNet V2's weights in other code; its stem is that for ImageNet there. */
export const namings: readonly WeightNaming[] = [
  {
    by: 'torchvision',
    rename: [
      ['^conv1[.]0[.]', 'conv1.'],
      ['^conv1[.]1[.]', 'bn1.'],
      ['^conv5[.]0[.]', 'conv2.'],
      ['^conv5[.]1[.]', 'bn2.'],
      ['^stage2[.]', 'layer1.'],
      ['^stage3[.]', 'layer2.'],
      ['^stage4[.]', 'layer3.'],
      ...unit('0', first),
      ...unit('[1-9]', other),
      ['^fc[.]', 'linear.'],
    ],
  },
];
