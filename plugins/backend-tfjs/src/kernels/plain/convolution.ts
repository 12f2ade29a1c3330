import { sizeOf } from '@limbeck/graph';
import type { KernelValues } from '../tfjs.js';
import type { Plain, PlainKernel } from './plain.js';
import { eachRun, type WindowAttributes, windowsOf } from './windows.js';

/** Matrices [rows, columns] one after the other, one for each position of a kernel. */
interface Matrices {
  readonly values: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/** Adds vector times matrix to a vector of totals. Four rows at a time: the totals are touched least. */
function addProduct(
  totals: Float64Array,
  to: number,
  vectors: KernelValues,
  from: number,
  { values, rows, columns }: Matrices,
  matrix: number,
): void {
  let at = matrix * rows * columns;
  let row = 0;
  for (; row + 3 < rows; row += 4) {
    const [a, b, c, d] = [
      vectors[from + row]!,
      vectors[from + row + 1]!,
      vectors[from + row + 2]!,
      vectors[from + row + 3]!,
    ];
    for (let n = 0; n < columns; n++, at++) {
      totals[to + n]! +=
        a * values[at]! +
        b * values[at + columns]! +
        c * values[at + 2 * columns]! +
        d * values[at + 3 * columns]!;
    }
    at += 3 * columns;
  }
  for (; row < rows; row++) {
    const a = vectors[from + row]!;
    for (let n = 0; n < columns; n++, at++) totals[to + n]! += a * values[at]!;
  }
}

const rounded = (shape: readonly number[], totals: Float64Array): Plain => ({
  shape,
  dtype: 'float32',
  values: new Float32Array(totals),
});

/** A convolution; sums are rounded once, at the end. */
export const conv2d: PlainKernel<'x' | 'filter', WindowAttributes> = ({ x, filter }, attributes) => {
  const windows = windowsOf(x.shape, filter.shape, attributes);
  const [, , channels, outputs] = filter.shape as [number, number, number, number];
  const weights = { values: new Float64Array(filter.values), rows: channels, columns: outputs };
  const shape = [windows.images, ...windows.output, outputs];
  const totals = new Float64Array(sizeOf(shape));
  eachRun(windows, (tap, from, to, count, step) => {
    for (let n = 0; n < count; n++)
      addProduct(totals, (to + n) * outputs, x.values, (from + n * step) * channels, weights, tap);
  });
  return rounded(shape, totals);
};

/** Each matrix with its axes exchanged. */
function transposed(values: KernelValues, rows: number, columns: number): Matrices {
  const turned = new Float64Array(values.length);
  const size = rows * columns;
  for (let first = 0; first < values.length; first += size) {
    for (let row = 0; row < rows; row++)
      for (let n = 0; n < columns; n++) turned[first + n * rows + row] = values[first + row * columns + n]!;
  }
  return { values: turned, rows: columns, columns: rows };
}

type InputGradientAttributes = WindowAttributes & { readonly inputShape: readonly number[] };

/** Gradient of a convolution for the map it reads. */
export const conv2dInputGradient: PlainKernel<'dy' | 'filter', InputGradientAttributes> = (
  { dy, filter },
  attributes,
) => {
  const { inputShape } = attributes;
  const windows = windowsOf(inputShape, filter.shape, attributes);
  const [, , channels, outputs] = filter.shape as [number, number, number, number];
  const weights = transposed(filter.values, channels, outputs);
  const totals = new Float64Array(sizeOf(inputShape));
  eachRun(windows, (tap, from, to, count, step) => {
    for (let n = 0; n < count; n++)
      addProduct(totals, (from + n * step) * channels, dy.values, (to + n) * outputs, weights, tap);
  });
  return rounded(inputShape, totals);
};

type WeightGradientAttributes = WindowAttributes & { readonly filterShape: readonly number[] };

/** Gradient of a convolution for its weights. Four positions at a time: the totals are touched least. */
export const conv2dWeightGradient: PlainKernel<'x' | 'dy', WeightGradientAttributes> = (
  { x, dy },
  attributes,
) => {
  const { filterShape } = attributes;
  const windows = windowsOf(x.shape, filterShape, attributes);
  const [, , channels, outputs] = filterShape as [number, number, number, number];
  const totals = new Float64Array(sizeOf(filterShape));
  const maps = x.values;
  const gradient = new Float64Array(dy.values);
  eachRun(windows, (tap, from, to, count, step) => {
    const apart = step * channels;
    let n = 0;
    for (; n + 3 < count; n += 4) {
      const first = (to + n) * outputs;
      let at = tap * channels * outputs;
      for (let channel = 0, i = (from + n * step) * channels; channel < channels; channel++, i++) {
        const [a, b, c, d] = [maps[i]!, maps[i + apart]!, maps[i + 2 * apart]!, maps[i + 3 * apart]!];
        for (let j = first; j < first + outputs; j++, at++) {
          totals[at]! +=
            a * gradient[j]! +
            b * gradient[j + outputs]! +
            c * gradient[j + 2 * outputs]! +
            d * gradient[j + 3 * outputs]!;
        }
      }
    }
    for (; n < count; n++) {
      const first = (to + n) * outputs;
      let at = tap * channels * outputs;
      for (let channel = 0, i = (from + n * step) * channels; channel < channels; channel++, i++) {
        const a = maps[i]!;
        for (let j = first; j < first + outputs; j++, at++) totals[at]! += a * gradient[j]!;
      }
    }
  });
  return rounded(filterShape, totals);
};
