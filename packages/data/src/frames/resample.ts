import type { Frame, ResizeFilter } from '@limbeck/core';
import type { Raster } from '../decode/raster.js';

/** A kernel and how far it reaches, in pixels of the larger picture's grid. */
interface Kernel {
  readonly reach: number;
  weight(distance: number): number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const kernels: Readonly<Record<Exclude<ResizeFilter, 'nearest'>, Kernel>> = {
  bilinear: { reach: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    reach: 2,
    weight(distance) {
      const x = Math.abs(distance);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
    },
  },
  lanczos: { reach: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Weights are whole numbers with so many bits behind the point, as in Pillow, so that results are the same. */
const precision = 22;
const half = 1 << (precision - 1);

/** Which pixels of a row make each pixel of the result, and with what weights. */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `width` for each pixel of the result. */
  readonly weights: Int32Array;
  readonly width: number;
}

/**
 * Scales a window of a picture: a separable filter whose kernel widens with the scale, so that nothing is skipped when a
 * picture is made smaller (antialiasing). Rows first, then columns, rounded to bytes in between, as Pillow does; results
 * are the same as Pillow's.
 */
export function resample(raster: Raster, frame: Frame): Raster {
  const { filter, outWidth, outHeight, left, top, width, height } = frame;
  if (filter === 'nearest') return nearest(raster, frame);
  const kernel = kernels[filter];
  const columns = taps(raster.width, left, width, outWidth, kernel);
  const rows = taps(raster.height, top, height, outHeight, kernel);
  const firstRow = rows.first[0]!;
  const rowCount = rows.first[outHeight - 1]! + rows.count[outHeight - 1]! - firstRow;
  const isWhole = left === 0 && width === raster.width && outWidth === raster.width;
  const { channels } = raster;
  const stride = outWidth * channels;
  const across = isWhole
    ? raster.data.subarray(firstRow * stride, (firstRow + rowCount) * stride)
    : horizontal(raster, columns, { firstRow, rowCount, outWidth });
  const data = vertical(across, rows, { firstRow, outHeight, stride });
  return { data, width: outWidth, height: outHeight, channels };
}

function taps(size: number, start: number, extent: number, out: number, kernel: Kernel): Taps {
  const scale = extent / out;
  const stretch = Math.max(scale, 1);
  const reach = kernel.reach * stretch;
  const width = Math.ceil(reach) * 2 + 1;
  const first = new Int32Array(out);
  const count = new Int32Array(out);
  const weights = new Int32Array(out * width);
  const exact = new Float64Array(width);
  for (let i = 0; i < out; i++) {
    const centre = start + (i + 0.5) * scale;
    const from = Math.max(0, Math.trunc(centre - reach + 0.5));
    const number = Math.min(size, Math.trunc(centre + reach + 0.5)) - from;
    let sum = 0;
    for (let k = 0; k < number; k++) {
      exact[k] = kernel.weight((k + from - centre + 0.5) / stretch);
      sum += exact[k]!;
    }
    for (let k = 0; k < number; k++) {
      const weight = (sum === 0 ? exact[k]! : exact[k]! / sum) * (1 << precision);
      weights[i * width + k] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    first[i] = from;
    count[i] = number;
  }
  return { first, count, weights, width };
}

/**
 * Scales rows. Sums fit into 32 bits: weights add up to one, which has 22 bits, and bytes have 8. `imul` and `| 0` say so, which
 * makes these loops several times as fast; an array that clamps does the rest.
 */
function horizontal(raster: Raster, taps: Taps, rows: Rows): Uint8Array {
  const into = new Uint8ClampedArray(rows.rowCount * rows.outWidth * raster.channels);
  if (raster.channels === 1) greyRows(raster, taps, rows, into);
  else colourRows(raster, taps, rows, into);
  return bytesOf(into);
}

/** Rows of the picture that are scaled, and their new width. */
interface Rows {
  readonly firstRow: number;
  readonly rowCount: number;
  readonly outWidth: number;
}

function greyRows(
  { data, width }: Raster,
  { first, count, weights, width: tapWidth }: Taps,
  { firstRow, rowCount, outWidth }: Rows,
  into: Uint8ClampedArray,
): void {
  const { imul } = Math;
  for (let row = 0, to = 0; row < rowCount; row++) {
    const start = imul(firstRow + row, width);
    for (let column = 0; column < outWidth; column++) {
      let at = start + first[column]!;
      let tap = imul(column, tapWidth);
      const last = tap + count[column]!;
      let grey = half;
      for (; tap < last; tap++, at++) grey = (grey + imul(data[at]!, weights[tap]!)) | 0;
      into[to++] = grey >> precision;
    }
  }
}

/** Two rows at a time, which share the weights; the last of an odd number goes with itself. */
function colourRows(
  { data, width }: Raster,
  { first, count, weights, width: tapWidth }: Taps,
  { firstRow, rowCount, outWidth }: Rows,
  into: Uint8ClampedArray,
): void {
  const { imul } = Math;
  const stride = 3 * outWidth;
  for (let row = 0; row < rowCount; row += 2) {
    const next = row + 1 < rowCount ? 1 : 0;
    const start = imul(firstRow + row, 3 * width);
    const below = imul(next, 3 * width);
    const under = imul(next, stride);
    let to = imul(row, stride);
    for (let column = 0; column < outWidth; column++, to += 3) {
      let at = start + imul(3, first[column]!);
      let tap = imul(column, tapWidth);
      const last = tap + count[column]!;
      let [red, green, blue, red2, green2, blue2] = [half, half, half, half, half, half];
      for (; tap < last; tap++, at += 3) {
        const weight = weights[tap]!;
        const second = at + below;
        red = (red + imul(data[at]!, weight)) | 0;
        green = (green + imul(data[at + 1]!, weight)) | 0;
        blue = (blue + imul(data[at + 2]!, weight)) | 0;
        red2 = (red2 + imul(data[second]!, weight)) | 0;
        green2 = (green2 + imul(data[second + 1]!, weight)) | 0;
        blue2 = (blue2 + imul(data[second + 2]!, weight)) | 0;
      }
      into[to] = red >> precision;
      into[to + 1] = green >> precision;
      into[to + 2] = blue >> precision;
      into[to + under] = red2 >> precision;
      into[to + under + 1] = green2 >> precision;
      into[to + under + 2] = blue2 >> precision;
    }
  }
}

/** Scales columns, four rows of the picture at a time; see {@link horizontal} for the arithmetic. */
function vertical(
  data: Uint8Array,
  { first, count, weights, width: tapWidth }: Taps,
  { firstRow, outHeight, stride }: { firstRow: number; outHeight: number; stride: number },
): Uint8Array {
  const { imul } = Math;
  const into = new Uint8ClampedArray(outHeight * stride);
  const sums = new Int32Array(stride);
  for (let row = 0; row < outHeight; row++) {
    const taps = count[row]!;
    const to = row * stride;
    if (taps > 4) sums.fill(half);
    for (let done = 0; done < taps; done += 4) {
      // rows that are not needed have no weight, and are others in their places
      const place = (tap: number) =>
        (first[row]! - firstRow + (done + tap < taps ? done + tap : done)) * stride;
      const weight = (tap: number) => (done + tap < taps ? weights[row * tapWidth + done + tap]! : 0);
      const [p, q, r, s] = [place(0), place(1), place(2), place(3)];
      const [a, b, c, d] = [weight(0), weight(1), weight(2), weight(3)];
      if (taps <= 4) {
        for (let i = 0; i < stride; i++) {
          const upper = (half + imul(data[p + i]!, a) + imul(data[q + i]!, b)) | 0;
          into[to + i] = (upper + imul(data[r + i]!, c) + imul(data[s + i]!, d)) >> precision;
        }
      } else {
        for (let i = 0; i < stride; i++) {
          const upper = (sums[i]! + imul(data[p + i]!, a) + imul(data[q + i]!, b)) | 0;
          sums[i] = (upper + imul(data[r + i]!, c) + imul(data[s + i]!, d)) | 0;
        }
      }
    }
    if (taps > 4) for (let i = 0; i < stride; i++) into[to + i] = sums[i]! >> precision;
  }
  return bytesOf(into);
}

const bytesOf = ({ buffer, byteOffset, length }: Uint8ClampedArray<ArrayBuffer>): Uint8Array =>
  new Uint8Array(buffer, byteOffset, length);

function nearest(
  { data, width, height, channels }: Raster,
  { left, top, width: w, height: h, outWidth, outHeight }: Frame,
): Raster {
  const into = new Uint8Array(outWidth * outHeight * channels);
  const place = (start: number, extent: number, out: number, size: number) =>
    Int32Array.from({ length: out }, (_, i) =>
      Math.min(size - 1, Math.max(0, Math.floor(start + ((i + 0.5) * extent) / out))),
    );
  const columns = place(left, w, outWidth, width);
  const rows = place(top, h, outHeight, height);
  let to = 0;
  for (const row of rows) {
    for (const column of columns) {
      const at = (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel++) into[to++] = data[at + channel]!;
    }
  }
  return { data: into, width: outWidth, height: outHeight, channels };
}
