import { indexTargets, type Split } from '@limbeck/core';
import type { RunDataset } from '@limbeck/data';

const classNames = ['a', 'b', 'c'];

/** Grey images of 8 x 8 in three classes in turn: ramps, steeper from class to class. */
const ramps = (length: number, first: number): Split => ({
  length,
  targets: indexTargets(Int32Array.from({ length }, (_, i) => i % classNames.length)),
  read(index, into, offset) {
    for (let i = 0; i < 64; i++)
      into[offset + i] = (first + index * 37 + i * (1 + (index % classNames.length) * 5)) % 256;
  },
});

/** A data set of ramps with so many images for training and for testing. */
export const rampDataset = (train: number, test: number): RunDataset => ({
  classes: classNames.length,
  classNames,
  imageShape: [1, 8, 8],
  normalization: { mean: [0.5], std: [0.25] },
  train: ramps(train, 0),
  test: ramps(test, 500),
  fingerprint: 'ramps',
});
