import { labelsOf, type Preparation } from '@limbeck/core';

/**
 * Mean feature of each class over the training images: [classes, width], zeros for a class without any.
 *
 * @param path of the teacher; maps are pooled
 */
export const classMeansPreparation = (
  path: string,
  { classes, width }: { readonly classes: number; readonly width: number },
): Preparation<'feature', 'means'> => ({
  name: 'class-means',
  features: { feature: { path, pooled: true } },
  tensors: { means: [classes, width] },
  create() {
    const sums = new Float64Array(classes * width);
    const counts = new Float64Array(classes);
    return {
      add({ features: { feature }, targets, count }) {
        const labels = labelsOf(targets);
        for (let i = 0; i < count; i++) {
          const label = labels[i]!;
          counts[label]!++;
          for (let k = 0; k < width; k++) sums[label * width + k]! += feature[i * width + k]!;
        }
      },
      finish: () => ({
        means: Float32Array.from(sums, (sum, i) => sum / Math.max(1, counts[Math.floor(i / width)]!)),
      }),
    };
  },
});
