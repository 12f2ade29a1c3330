export { colorJitter } from './augmentations/color-jitter.js';
export { cutout } from './augmentations/cutout.js';
export { flip } from './augmentations/flip.js';
export { padCrop } from './augmentations/pad-crop.js';
export { randAugment } from './augmentations/rand-augment.js';
export { randomErasing } from './augmentations/random-erasing.js';
export { rotation } from './augmentations/rotation.js';
export { standardAugmentations } from './augmentations/standard.js';
export { trivialAugment } from './augmentations/trivial-augment.js';
export type { Batch, LoaderOptions, SampleOptions } from './buffers.js';
export { openPictureCache, type PictureCachePlace } from './cache/picture-cache.js';
export { decodeImage } from './decode/decode.js';
export { openSample } from './decode/open-sample.js';
export type { Raster } from './decode/raster.js';
export { createDrawLoader, type DrawLoader } from './draw-loader.js';
export { createEvalLoader, type EvalLoader } from './eval-loader.js';
export { type ContactSheet, contactSheet, type SheetOptions } from './examine/contact-sheet.js';
export { type Duplicates, findDuplicates } from './examine/duplicates.js';
export { type ExamineOptions, examineSplit, type SplitFacts } from './examine/examine-split.js';
export {
  type FetchedFile,
  type FetchOptions,
  type FetchProgress,
  fetchDataset,
} from './fetch/fetch-dataset.js';
export { checkFile, type FileState } from './fetch/verify.js';
export { centerCrop } from './frames/center-crop.js';
export { toGrey, toRgb } from './frames/channels.js';
export { randomResizedCrop } from './frames/random-resized-crop.js';
export { resize } from './frames/resize.js';
export type { FilledBatch } from './loading/batches.js';
export { Loading, type LoadingOptions, type SkippedSample } from './loading/loading.js';
export { cutmix } from './mixing/cutmix.js';
export { mixup } from './mixing/mixup.js';
export { mixupOrCutmix } from './mixing/mixup-or-cutmix.js';
export { standardBatchTransforms } from './mixing/standard.js';
export {
  createNegativeSampler,
  type NegativeSampler,
  type NegativesKey,
} from './negatives.js';
export { createNormalizer, type Normalization } from './normalize.js';
export type { ChosenChange } from './pipeline/changes.js';
export { splitsOf } from './prepare/check-split.js';
export { namedNormalizations } from './prepare/normalization.js';
export { type PreparedDataset, type PrepareOptions, prepareDataset } from './prepare/prepare-dataset.js';
export { evaluatedImages, type RunDataset, trainingImages } from './prepare/run-dataset.js';
export type { BadSample } from './prepare/scan.js';
export { completeLists } from './prepare/standard-changes.js';
export { batchRandom, sampleRandom } from './random.js';
export { type OrderKey, shuffledOrder } from './sampling/order.js';
export type { Sampling } from './sampling/order-of-epoch.js';
export { pickSamples } from './splits/pick.js';
export { type CopyTarget, pickTargets, targetCopier, targetsLike } from './targets.js';
export { createTrainLoader, type TrainLoader, type TrainLoaderOptions } from './train-loader.js';
