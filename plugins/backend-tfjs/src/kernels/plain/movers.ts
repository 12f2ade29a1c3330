import { sizeOf, stridesOf } from '@limbeck/graph';
import type { KernelValues } from '../tfjs.js';
import { type Plain, type PlainKernel, zeros } from './plain.js';
import { eachRow, type Way } from './rows.js';

/** Rows shorter than this are copied faster element by element. */
const shortRow = 16;

function copy(
  sizes: readonly number[],
  from: Way & { readonly values: KernelValues },
  to: Way & { readonly values: KernelValues },
): void {
  const [source, target] = [from.values, to.values];
  eachRow(sizes, from, to, (i, j, size, step, targetStep) => {
    if (step === 1 && targetStep === 1 && size >= shortRow) {
      target.set(source.subarray(i, i + size), j);
      return;
    }
    for (let n = 0, read = i, write = j; n < size; n++, read += step, write += targetStep)
      target[write] = source[read]!;
  });
}

/** A tensor of this shape, whose elements are found in another one going that way. */
function taken({ dtype, values: source }: Plain, shape: readonly number[], from: Way): Plain {
  const values = zeros(dtype, sizeOf(shape));
  copy(shape, { ...from, values: source }, { offset: 0, strides: stridesOf(shape), values });
  return { shape, dtype, values };
}

const startOf = (begin: readonly number[], strides: readonly number[]): number =>
  begin.reduce((offset, n, axis) => offset + n * strides[axis]!, 0);

export const transpose: PlainKernel<'x', { readonly perm: readonly number[] }> = ({ x }, { perm }) => {
  const strides = stridesOf(x.shape);
  return taken(
    x,
    perm.map((axis) => x.shape[axis]!),
    { offset: 0, strides: perm.map((axis) => strides[axis]!) },
  );
};

export const slice: PlainKernel<
  'x',
  { readonly begin: readonly number[]; readonly size: readonly number[] }
> = ({ x }, { begin, size }) => {
  const strides = stridesOf(x.shape);
  return taken(x, size, { offset: startOf(begin, strides), strides });
};

export const stridedSlice: PlainKernel<
  'x',
  { readonly begin: readonly number[]; readonly end: readonly number[]; readonly strides: readonly number[] }
> = ({ x }, { begin, end, strides: steps }) => {
  const strides = stridesOf(x.shape);
  return taken(
    x,
    begin.map((first, axis) => Math.ceil((end[axis]! - first) / steps[axis]!)),
    { offset: startOf(begin, strides), strides: strides.map((n, axis) => n * steps[axis]!) },
  );
};

export const reverse: PlainKernel<'x', { readonly dims: readonly number[] }> = ({ x }, { dims }) => {
  const turned = new Set(dims);
  const strides = stridesOf(x.shape);
  const last = x.shape.map((size, axis) => (turned.has(axis) ? size - 1 : 0));
  return taken(x, x.shape, {
    offset: startOf(last, strides),
    strides: strides.map((n, axis) => (turned.has(axis) ? -n : n)),
  });
};

export const tile: PlainKernel<'x', { readonly reps: readonly number[] }> = ({ x }, { reps }) => {
  const { dtype, values: source } = x;
  const shape = x.shape.map((size, axis) => size * reps[axis]!);
  const [strides, across] = [stridesOf(x.shape), stridesOf(shape)];
  const values = zeros(dtype, sizeOf(shape));
  // two axes for each: which repetition, and where in it
  const pairs = x.shape.flatMap((size, axis) => [reps[axis]!, size]);
  copy(
    pairs,
    { offset: 0, strides: strides.flatMap((n) => [0, n]), values: source },
    { offset: 0, strides: across.flatMap((n, axis) => [n * x.shape[axis]!, n]), values },
  );
  return { shape, dtype, values };
};

type PadAttributes = {
  readonly paddings: readonly (readonly [number, number])[];
  readonly constantValue: number;
};

export const pad: PlainKernel<'x', PadAttributes> = ({ x }, { paddings, constantValue }) => {
  const { dtype, values: source } = x;
  const shape = x.shape.map((size, axis) => size + paddings[axis]![0] + paddings[axis]![1]);
  const strides = stridesOf(shape);
  const values = zeros(dtype, sizeOf(shape));
  if (constantValue !== 0) values.fill(constantValue);
  const offset = startOf(
    paddings.map(([before]) => before),
    strides,
  );
  copy(x.shape, { offset: 0, strides: stridesOf(x.shape), values: source }, { offset, strides, values });
  return { shape, dtype, values };
};
