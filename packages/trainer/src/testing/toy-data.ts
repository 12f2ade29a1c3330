import { indexTargets, type Split } from '@limbeck/core';
import type { RunDataset } from '@limbeck/data';

/** [C, H, W] of the toy images. */
export const toyShape = [1, 4, 4] as const;

const side = 4;

/** Stripes along one axis: class 0 along rows, class 1 along columns; position, contrast and noise differ. */
function stripes(index: number, label: number): Uint8Array {
  const image = new Uint8Array(side * side);
  const phase = (index >> 1) & 1;
  const contrast = 40 + ((index * 37) % 60);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const along = (label === 0 ? row : column) + phase;
      const noise = ((index * 31 + row * 17 + column * 57) * 2654435761) % 41;
      image[row * side + column] = 110 + (along % 2 === 0 ? contrast : -contrast) + noise;
    }
  }
  return image;
}

function toySplit(length: number, first: number): Split {
  const labels = Int32Array.from({ length }, (_, i) => i % 2);
  const images = Array.from({ length }, (_, i) => stripes(first + i, i % 2));
  return {
    length,
    targets: indexTargets(labels),
    read: (index, into, offset) => into.set(images[index]!, offset),
  };
}

/** Striped 4x4 images of two classes. */
export function toyDataset({ train = 24, test = 10 } = {}): RunDataset {
  return {
    classes: 2,
    classNames: ['rows', 'columns'],
    imageShape: toyShape,
    normalization: { mean: [0.5], std: [0.25] },
    train: toySplit(train, 0),
    test: toySplit(test, 1000),
    fingerprint: `toy-${train}-${test}`,
  };
}
