import { LimbeckError, labelsOf, type Preparation, type PreparationAccumulator } from '@limbeck/core';

/** What the likeness of classes is measured by. */
export interface ClassCkaOptions {
  readonly classes: number;
  /** Values of one image's feature. */
  readonly width: number;
  /** Most images of a class that are looked at, the first ones of the split. */
  readonly images: number;
}

/**
 * Distances 1 - linear CKA between classes (Kornblith et al., ICML 2019), as WKD's scripts compute them before training: row n of a
 * class is the feature of its n-th training image, and two classes are compared row by row. As many rows count as the
 * smallest class has. CKA is taken from the centred products of rows with rows, which are smaller than those of columns.
 *
 * @returns distances [classes, classes], 0 from each class to itself; 1 where a class has one feature for all its images
 * @throws LimbeckError PRECONDITION from `finish` where a class has fewer than two images
 */
export function classDistancesByCka(options: ClassCkaOptions): PreparationAccumulator<'feature'> {
  const { classes, width, images } = options;
  const rows = Array.from({ length: classes }, () => [] as Float32Array[]);
  return {
    add({ features: { feature }, targets, count }) {
      const labels = labelsOf(targets);
      for (let i = 0; i < count; i++) {
        const own = rows[labels[i]!]!;
        if (own.length < images) own.push(feature.slice(i * width, (i + 1) * width));
      }
    },
    async finish(pause) {
      const smallest = rows.reduce((least, own, i) => (own.length < rows[least]!.length ? i : least), 0);
      const count = rows[smallest]!.length;
      if (count < 2) {
        throw new LimbeckError(
          'PRECONDITION',
          `classes cannot be compared by CKA: class ${smallest} has ${count} training images`,
          {
            hint: "give every class two images or more, or take distances from the classifier: distance: 'cosine'",
          },
        );
      }
      const products: Float32Array[] = [];
      for (const own of rows) {
        products.push(centredProducts(own.slice(0, count)));
        await pause();
      }
      const distances = new Float32Array(classes * classes);
      for (let i = 0; i < classes; i++) {
        for (let j = 0; j < i; j++) {
          const distance = Math.max(0, 1 - dot(products[i]!, products[j]!));
          distances[i * classes + j] = distance;
          distances[j * classes + i] = distance;
        }
        await pause();
      }
      return { distances };
    },
  };
}

/** The same as something a distiller can ask for. */
export const ckaPreparation = (
  path: string,
  options: ClassCkaOptions,
): Preparation<'feature', 'distances'> => ({
  name: 'class-cka',
  parameters: { images: options.images },
  features: { feature: { path, pooled: true } },
  tensors: { distances: [options.classes, options.classes] },
  create: () => classDistancesByCka(options),
});

/**
 * Products of centred rows with each other, as a vector of length 1: the upper triangle, off the diagonal times the root
 * of 2, so that the product of two such vectors is that of the matrices. All zeros where rows are equal.
 */
function centredProducts(rows: readonly Float32Array[]): Float32Array {
  const width = rows[0]!.length;
  const means = new Float64Array(width);
  for (const row of rows) for (let k = 0; k < width; k++) means[k]! += row[k]! / rows.length;
  const centred = rows.map((row) => Float64Array.from(row, (value, k) => value - means[k]!));
  const products = new Float64Array((rows.length * (rows.length + 1)) / 2);
  let at = 0;
  for (let i = 0; i < rows.length; i++) {
    for (let j = i; j < rows.length; j++) {
      products[at++] = dot(centred[i]!, centred[j]!) * (i === j ? 1 : Math.SQRT2);
    }
  }
  const length = Math.sqrt(dot(products, products));
  const spread = centred.reduce((sum, row) => sum + dot(row, row), 0);
  const size = rows.reduce((sum, row) => sum + dot(row, row), 0);
  // what is left of equal rows is rounding
  return Float32Array.from(products, (value) => (spread <= 1e-12 * size ? 0 : value / length));
}

function dot(a: Float32Array | Float64Array, b: Float32Array | Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}
