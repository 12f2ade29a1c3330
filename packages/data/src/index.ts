export { cutout } from './augmentations/cutout.js';
export { flip } from './augmentations/flip.js';
export { padCrop } from './augmentations/pad-crop.js';
export { randAugment } from './augmentations/rand-augment.js';
export type { Batch, LoaderOptions } from './buffers.js';
export { createDrawLoader, type DrawLoader } from './draw-loader.js';
export { createEvalLoader, type EvalBatch, type EvalLoader } from './eval-loader.js';
export {
  type FetchedFile,
  type FetchOptions,
  type FetchProgress,
  fetchDataset,
} from './fetch/fetch-dataset.js';
export {
  createNegativeSampler,
  type NegativeSampler,
  type NegativesKey,
} from './negatives.js';
export {
  createNormalizer,
  type ImageShape,
  type Normalization,
} from './normalize.js';
export { type OrderKey, shuffledOrder } from './order.js';
export { sampleRandom } from './random.js';
export type { Augment, SampleOptions } from './samples.js';
export { type CopyTarget, pickTargets, targetCopier, targetsLike } from './targets.js';
export { createTrainLoader, type TrainLoader, type TrainLoaderOptions } from './train-loader.js';
