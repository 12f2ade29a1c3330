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

const toByte = (sum: number): number => {
  const value = sum >> precision;
  return value < 0 ? 0 : value > 255 ? 255 : value;
};

function horizontal(
  { data, width, channels }: Raster,
  { first, count, weights, width: tapWidth }: Taps,
  { firstRow, rowCount, outWidth }: { firstRow: number; rowCount: number; outWidth: number },
): Uint8Array {
  const into = new Uint8Array(rowCount * outWidth * channels);
  let to = 0;
  for (let row = 0; row < rowCount; row++) {
    const start = (firstRow + row) * width;
    for (let column = 0; column < outWidth; column++) {
      let at = (start + first[column]!) * channels;
      let tap = column * tapWidth;
      const last = tap + count[column]!;
      if (channels === 1) {
        let grey = half;
        for (; tap < last; tap++) grey += data[at++]! * weights[tap]!;
        into[to++] = toByte(grey);
        continue;
      }
      let red = half;
      let green = half;
      let blue = half;
      for (; tap < last; tap++, at += 3) {
        const weight = weights[tap]!;
        red += data[at]! * weight;
        green += data[at + 1]! * weight;
        blue += data[at + 2]! * weight;
      }
      into[to] = toByte(red);
      into[to + 1] = toByte(green);
      into[to + 2] = toByte(blue);
      to += 3;
    }
  }
  return into;
}

function vertical(
  data: Uint8Array,
  { first, count, weights, width: tapWidth }: Taps,
  { firstRow, outHeight, stride }: { firstRow: number; outHeight: number; stride: number },
): Uint8Array {
  const into = new Uint8Array(outHeight * stride);
  const sums = new Int32Array(stride);
  for (let row = 0; row < outHeight; row++) {
    sums.fill(half);
    for (let tap = 0; tap < count[row]!; tap++) {
      const weight = weights[row * tapWidth + tap]!;
      const from = (first[row]! + tap - firstRow) * stride;
      for (let i = 0; i < stride; i++) sums[i]! += data[from + i]! * weight;
    }
    const to = row * stride;
    for (let i = 0; i < stride; i++) into[to + i] = toByte(sums[i]!);
  }
  return into;
}

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
