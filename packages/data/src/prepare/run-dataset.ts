import type { ImageShape, OpenDataset, Split } from '@limbeck/core';
import type { Loading } from '../loading/loading.js';
import type { Normalization } from '../normalize.js';
import type { ChosenChange, OpenShape } from '../pipeline/changes.js';

/** A data set as a run uses it: images of one shape, a split to learn from and one to be evaluated on. */
export interface RunDataset extends OpenDataset {
  /** [C, H, W] of the images a network sees. */
  readonly imageShape: ImageShape;
  readonly normalization: Normalization;
  readonly train: Split;
  /** What is evaluated on, under whatever name the data set has it. */
  readonly test: Split;
  /** The name the data set has for it. Default `test`. */
  readonly evaluated?: string | undefined;
  /** What samples are before any change. Default: `imageShape`. */
  readonly before?: OpenShape | undefined;
  /** Changes to images that are evaluated. Default none. */
  readonly evaluation?: readonly ChosenChange[] | undefined;
  /** Who loads. Default: the thread that asks. */
  readonly loading?: Loading | undefined;
}

/** What loaders of training samples take of a data set. */
export const trainingImages = ({ normalization, imageShape, before, loading }: RunDataset) => ({
  normalization,
  imageShape,
  before,
  loading,
});

/** What loaders of evaluated samples take of a data set. */
export const evaluatedImages = (dataset: RunDataset) => ({
  ...trainingImages(dataset),
  changes: dataset.evaluation,
});
