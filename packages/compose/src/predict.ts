import { isLimbeckError, LimbeckError, type Split } from '@limbeck/core';
import {
  type ChosenChange,
  createEvalLoader,
  Loading,
  type Normalization,
  resize,
  type SkippedSample,
} from '@limbeck/data';
import { tensorData } from '@limbeck/graph';
import { type Classifier, checkLogits, type PictureFacts } from '@limbeck/trainer';

/** How pictures become what a model sees. */
export interface PredictedImages extends Pick<PictureFacts, 'classNames' | 'decoded'> {
  /** [C, H, W] of what the model takes. */
  readonly imageShape: readonly [number, number, number];
  readonly normalization: Normalization;
  readonly changes: readonly ChosenChange[];
  /** Whether a sample may have several classes, so that each has a probability of its own. */
  readonly several: boolean;
}

/** What a model makes of one picture. */
export interface Prediction {
  /** As the caller calls it. */
  readonly path: string;
  /** The most probable classes, the first one first. */
  readonly top: readonly { readonly label: string; readonly index: number; readonly probability: number }[];
}

/** Which pictures are looked at, and how. */
export interface PredictOptions {
  readonly classifier: Classifier;
  readonly images: PredictedImages;
  /** Pictures by what they are called, with the files they are in. */
  readonly files: readonly { readonly path: string; readonly file: string }[];
  /** Classes of each picture. */
  readonly top: number;
  /** For classifiers that take any number of images. */
  readonly batchSize: number;
  readonly workers?: number | undefined;
  /** What a picture that cannot be read does. */
  readonly onError: 'stop' | 'skip';
  /** Hears the predictions of each batch, in the order of the files. */
  readonly onPredicted: (predictions: readonly Prediction[], done: number) => void | Promise<void>;
  /** Asked after each batch. */
  readonly stop: () => boolean;
}

/**
 * Runs a classifier over picture files.
 *
 * @returns pictures that were left out
 * @throws LimbeckError BAD_DATA, BAD_FILE naming the first that cannot be read, unless such are left out; SHAPE_MISMATCH,
 * INTERRUPTED
 */
export async function predict(options: PredictOptions): Promise<readonly SkippedSample[]> {
  const { classifier, images, files, onError, onPredicted, stop, workers } = options;
  const batchSize = classifier.batchSize ?? Math.min(options.batchSize, files.length);
  const loading = new Loading({ workers, onError });
  const split: Split = {
    length: files.length,
    open: (index) => ({ file: files[index]!.file }),
    nameOf: (index) => files[index]!.file,
  };
  const { imageShape, normalization, decoded, classNames } = images;
  const before = { channels: decoded.channels, size: undefined };
  // pictures of any size are brought to the one that the data had
  const { size } = decoded;
  const scaled = size && {
    contribution: resize,
    options: { size: [size.height, size.width], filter: 'bilinear' },
  };
  const changes = scaled === undefined ? images.changes : [scaled, ...images.changes];
  const loader = createEvalLoader({ split, batchSize, loading, imageShape, normalization, changes, before });
  const classes = classNames.length;
  try {
    for (let step = 0; step < loader.batches; step++) {
      const first = step * batchSize;
      const count = Math.min(batchSize, files.length - first);
      const batch = await loader.batch(step).catch((error: unknown) => {
        // a whole batch of pictures that are left out is nothing to fail at
        const names = new Set(loading.skipped.map(({ name }) => name));
        const rest = files.slice(first, first + count);
        if (isLimbeckError(error) && rest.every(({ file }) => names.has(file))) return undefined;
        throw error;
      });
      const predictions: Prediction[] = [];
      if (batch !== undefined) {
        const answer = await classifier.run(tensorData('float32', [batchSize, ...imageShape], batch.images));
        const logits = checkLogits(answer.logits, [batchSize, classes]);
        for (let row = 0; row < count; row++) {
          // another picture stands in the place of one that is left out
          if (batch.indices[row] !== first + row) continue;
          const own = logits.subarray(row * classes, (row + 1) * classes);
          predictions.push({ path: files[first + row]!.path, top: mostProbable(own, images, options.top) });
        }
      }
      await onPredicted(predictions, first + count);
      if (stop()) throw new LimbeckError('INTERRUPTED', `interrupted after ${first + count} pictures`);
    }
    return loading.skipped;
  } finally {
    await loading.dispose();
  }
}

function mostProbable(
  logits: Float32Array,
  { classNames, several }: PredictedImages,
  top: number,
): Prediction['top'] {
  const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
  return Array.from(logits.keys())
    .sort((a, b) => logits[b]! - logits[a]! || a - b)
    .slice(0, top)
    .map((index) => ({
      label: classNames[index]!,
      index,
      probability: several ? 1 / (1 + Math.exp(-logits[index]!)) : Math.exp(logits[index]! - most) / total,
    }));
}
