import { sizeOf, stridesOf } from '@limbeck/graph';
import type { PlainKernel } from './plain.js';
import { eachRow } from './rows.js';

type ReduceAttributes = { readonly axis: readonly number[]; readonly keepDims: boolean };

/** Sums over axes, wherever they lie; added up in double precision and divided before they are rounded. */
const summed =
  (divisor: (count: number) => number): PlainKernel<'x', ReduceAttributes> =>
  ({ x }, { axis, keepDims }) => {
    const reduced = new Set(axis);
    const kept = x.shape.map((size, i) => (reduced.has(i) ? 1 : size));
    const across = stridesOf(kept).map((stride, i) => (reduced.has(i) ? 0 : stride));
    const totals = new Float64Array(sizeOf(kept));
    const { values, dtype } = x;
    eachRow(
      x.shape,
      { offset: 0, strides: stridesOf(x.shape) },
      { offset: 0, strides: across },
      (first, second, size, step, totalStep) => {
        if (totalStep === 0) {
          let total = 0;
          for (let n = 0, i = first; n < size; n++, i += step) total += values[i]!;
          totals[second]! += total;
          return;
        }
        for (let n = 0, i = first, j = second; n < size; n++, i += step, j += totalStep)
          totals[j]! += values[i]!;
      },
    );
    const by = divisor(values.length / totals.length);
    if (by !== 1) for (let i = 0; i < totals.length; i++) totals[i]! /= by;
    const shape = keepDims ? kept : x.shape.filter((_, i) => !reduced.has(i));
    const isInteger = dtype !== 'float32';
    return {
      shape,
      dtype: isInteger ? 'int32' : 'float32',
      values: isInteger ? Int32Array.from(totals) : Float32Array.from(totals),
    };
  };

export const sum = summed(() => 1);

/** Of floats. */
export const mean = summed((count) => count);
