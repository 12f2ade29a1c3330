import type { WeightNaming } from '@limbeck/core';

/**
 * Names of a VGG's weights in torchvision and timm, which number convolutions, batch norms, activations and pools on. Their
 * classifiers are three layers over a map of 7x7: only a new one can take their place.
 *
 * @param convolutions of each block
 */
export function namingsOf(convolutions: readonly number[]): WeightNaming[] {
  let layer = 0;
  const rename = convolutions.flatMap((count, block) => {
    const first = layer;
    // a convolution, its batch norm and its activation each; then a pool
    layer += 3 * count + 1;
    return Array.from({ length: count }, (_, i) => [
      [`^features[.]${first + 3 * i}[.]`, `block${block}.${3 * i}.`] as const,
      [`^features[.]${first + 3 * i + 1}[.]`, `block${block}.${3 * i + 1}.`] as const,
    ]).flat();
  });
  return [{ by: 'torchvision and timm', rename: [...rename, ['^(pre_logits|head)[.]', 'classifier.']] }];
}
