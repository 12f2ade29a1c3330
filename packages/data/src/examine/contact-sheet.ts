import type { Split } from '@limbeck/core';
import { imageSize } from '../buffers.js';
import { Loading } from '../loading/loading.js';
import type { ChosenChange } from '../pipeline/changes.js';
import type { PreparedDataset } from '../prepare/prepare-dataset.js';

/** What a contact sheet shows. */
export interface SheetOptions {
  /** Training samples, one a row. Default 8. */
  readonly rows?: number;
  /** Draws of the augmentation beside each sample. Default 7. */
  readonly draws?: number;
  readonly seed: number;
}

/** A sheet of pictures. */
export interface ContactSheet {
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Which training sample each row shows, from the top. */
  readonly samples: readonly number[];
}

/** Pixels between pictures. */
const gap = 4;
/** Pictures are enlarged to this size at least. */
const smallest = 96;

/**
 * Draws training samples as a network sees them: the first column as in evaluation, the others with changes of training.
 *
 * @throws LimbeckError BAD_DATA, BAD_FILE naming a sample that cannot be loaded
 */
export async function contactSheet(
  { dataset, augment }: PreparedDataset,
  { rows: wanted = 8, draws = 7, seed }: SheetOptions,
): Promise<ContactSheet> {
  const { train, imageShape } = dataset;
  const rows = Math.min(wanted, train.length);
  const [channels, height, width] = imageShape;
  const zoom = Math.max(1, Math.ceil(smallest / Math.max(height, width)));
  const [cellWidth, cellHeight] = [width * zoom + gap, height * zoom + gap];
  const sheet = {
    width: (draws + 1) * cellWidth + gap,
    height: rows * cellHeight + gap,
  };
  const pixels = new Uint8Array(sheet.width * sheet.height * 3).fill(255);
  const samples = Int32Array.from({ length: rows }, (_, row) => Math.floor((row * train.length) / rows));
  const load = loaderOf(train, dataset, seed);
  const one = imageSize(imageShape);
  for (let column = 0; column <= draws; column++) {
    const images = await load(column === 0 ? (dataset.evaluation ?? []) : augment, samples, column);
    for (let row = 0; row < rows; row++) {
      const [left, top] = [gap + column * cellWidth, gap + row * cellHeight];
      for (let y = 0; y < height * zoom; y++) {
        for (let x = 0; x < width * zoom; x++) {
          const from = row * one + Math.floor(y / zoom) * width + Math.floor(x / zoom);
          const to = ((top + y) * sheet.width + left + x) * 3;
          for (let channel = 0; channel < 3; channel++) {
            const plane = channels === 1 ? 0 : channel;
            pixels[to + channel] = Math.round(255 * images[from + plane * height * width]!);
          }
        }
      }
    }
  }
  const { default: sharp } = await import('sharp');
  const png = await sharp(pixels, { raw: { ...sheet, channels: 3 } })
    .png()
    .toBuffer();
  return { png, ...sheet, samples: [...samples] };
}

/** Loads samples with pixels in [0, 1]. */
function loaderOf(train: Split, { before, imageShape }: PreparedDataset['dataset'], seed: number) {
  const [channels, height, width] = imageShape;
  const loading = new Loading({ workers: 0 });
  return async (changes: readonly ChosenChange[], samples: Int32Array, draw: number) => {
    const normalization = { mean: Array(channels).fill(0), std: Array(channels).fill(1) };
    const shape = before ?? { channels, size: { height, width } };
    const feed = loading.feed(train, { before: shape, changes, imageShape, normalization, seed });
    const images = new Float32Array(samples.length * imageSize(imageShape));
    loading.handle(await feed.fill(images, samples, draw), train);
    return images;
  };
}
