import type { WeightNaming } from '@limbeck/core';

/** Names of a DenseNet's weights in other code; its own are torchvision's of today. */
export const namings: readonly WeightNaming[] = [
  {
    by: "torchvision's published files, which have a dot before numbers of layers",
    rename: [['[.](norm|conv)[.]([12])[.]', '.$1$2.']],
  },
];
