import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type ImageShape, LimbeckError, type Split } from '@limbeck/core';
import { createBatches } from '../loading/batches.js';
import type { Loading } from '../loading/loading.js';
import type { Normalization } from '../normalize.js';
import type { ChosenChange, OpenShape } from '../pipeline/changes.js';

/** Normalisations in common use, by name. */
export const namedNormalizations: Readonly<Record<string, Normalization>> = Object.freeze({
  // of the training images of ImageNet, as torchvision's models use them
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  // of the training images of CIFAR-100, as the code of the distillation papers has them
  cifar: { mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761] },
});

/** Images that a normalisation is measured over, evenly spread. */
const measured = 10_000;
const batchSize = 50;

export interface MeasureOptions {
  readonly split: Split;
  readonly before: OpenShape;
  /** Changes of the evaluation, which images are measured under. */
  readonly changes: readonly ChosenChange[];
  readonly imageShape: ImageShape;
  readonly loading: Loading;
  readonly fingerprint: string;
  readonly cacheDir: string | undefined;
  readonly report: (line: string) => void;
}

/**
 * Measures mean and standard deviation of each channel over up to 10,000 training images, scaled to [0, 1]. What was measured
 * is kept by the fingerprint of the data and the changes.
 *
 * @throws LimbeckError BAD_DATA where a channel is the same everywhere
 */
export async function measureNormalization(options: MeasureOptions): Promise<Normalization> {
  const { split, changes, imageShape, fingerprint, cacheDir, report } = options;
  const about = changes.map(({ contribution, options: own }) => [contribution.id, own]);
  const key = createHash('sha256')
    .update(JSON.stringify([fingerprint, split.length, about]))
    .digest('hex')
    .slice(0, 32);
  const file = cacheDir === undefined ? undefined : path.join(cacheDir, 'normalizations', `${key}.json`);
  const known = file === undefined ? undefined : readKept(file, imageShape[0]);
  if (known !== undefined) return known;
  report(`measuring mean and deviation of ${Math.min(measured, split.length)} images`);
  const found = await measure(options);
  if (file !== undefined) keep(file, found);
  return found;
}

async function measure({
  split,
  before,
  changes,
  imageShape,
  loading,
}: MeasureOptions): Promise<Normalization> {
  const [channels, height, width] = imageShape;
  const plain = { mean: Array(channels).fill(0), std: Array(channels).fill(1) };
  const samples = Math.min(measured, split.length);
  const at = (i: number) => Math.floor((i * split.length) / samples);
  const batches = createBatches<number>(
    { split, before, imageShape, normalization: plain, loading, batchSize, augment: changes, seed: 0 },
    {
      keyOf: String,
      planOf: (first) => ({
        samples: Int32Array.from({ length: Math.min(batchSize, samples - first) }, (_, i) => at(first + i)),
        draw: 0,
      }),
      after: (first) => (first + batchSize < samples ? first + batchSize : undefined),
    },
  );
  const plane = height * width;
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (let first = 0; first < samples; first += batchSize) {
    const { images, count } = await batches.get(first);
    for (let i = 0; i < count * channels; i++) {
      let [sum, square] = [0, 0];
      for (let k = i * plane; k < (i + 1) * plane; k++) {
        sum += images[k]!;
        square += images[k]! * images[k]!;
      }
      sums[i % channels]! += sum;
      squares[i % channels]! += square;
    }
  }
  const pixels = samples * plane;
  const mean = Array.from(sums, (sum) => sum / pixels);
  const std = mean.map((m, c) => Math.sqrt(Math.max(0, squares[c]! / pixels - m * m)));
  if (std.every((deviation) => deviation > 1e-6)) return { mean, std };
  throw new LimbeckError(
    'BAD_DATA',
    `all images have the same value in a channel: the deviations are ${std.join(', ')}`,
    {
      hint: "give data.normalization, such as 'imagenet'",
    },
  );
}

function readKept(file: string, channels: number): Normalization | undefined {
  try {
    const { mean, std } = JSON.parse(readFileSync(file, 'utf8')) as Normalization;
    const isSound = [mean, std].every(
      (v) => Array.isArray(v) && v.length === channels && v.every(Number.isFinite),
    );
    return isSound ? { mean, std } : undefined;
  } catch {
    return undefined;
  }
}

function keep(file: string, found: Normalization): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(`${file}.${process.pid}.part`, JSON.stringify(found));
    renameSync(`${file}.${process.pid}.part`, file);
  } catch {
    // it is measured again
  }
}
