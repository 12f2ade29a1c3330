/** A tensor of numbers in row-major order: what formulas in tests are written for, with nothing of the graph in it. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

type Layer = (name: string) => Numbers;

/** A tensor whose elements are said one by one, each by its indices. */
export function made(shape: readonly number[], element: (...at: number[]) => number): Numbers {
  const data: number[] = [];
  const fill = (at: number[]): void => {
    if (at.length === shape.length) data.push(element(...at));
    else for (let i = 0; i < shape[at.length]!; i++) fill([...at, i]);
  };
  fill([]);
  return { shape, data };
}

/** An element. */
export function at({ shape, data }: Numbers, ...indices: readonly number[]): number {
  let place = 0;
  for (let axis = 0; axis < indices.length; axis++) place = place * shape[axis]! + indices[axis]!;
  return data[place]!;
}

export const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
export const average = (values: readonly number[]): number => total(values) / values.length;
export const dot = (a: readonly number[], b: readonly number[]): number => total(a.map((x, i) => x * b[i]!));
export const unit = (v: readonly number[]): number[] => v.map((x) => x / Math.sqrt(dot(v, v)));
export const mapped = ({ shape, data }: Numbers, f: (x: number, i: number) => number): Numbers => ({
  shape,
  data: data.map(f),
});
export const relu = (x: Numbers): Numbers => mapped(x, (v) => Math.max(v, 0));
export const leaky = (x: Numbers): Numbers => mapped(x, (v) => (v > 0 ? v : 0.1 * v));
export const squaredDistances = (a: Numbers, b: Numbers): number[] =>
  a.data.map((x, i) => (x - b.data[i]!) ** 2);

/** Rows of a matrix, or images of any tensor as rows. */
export function rows({ shape, data }: Numbers): number[][] {
  const width = data.length / shape[0]!;
  return Array.from({ length: shape[0]! }, (_, n) => data.slice(n * width, (n + 1) * width));
}
export const ofRows = (matrix: readonly (readonly number[])[]): Numbers => ({
  shape: [matrix.length, matrix[0]!.length],
  data: matrix.flat(),
});

/** x W^T + b. */
export const linear = (x: Numbers, weight: Numbers, bias?: Numbers): Numbers =>
  ofRows(rows(x).map((row) => rows(weight).map((w, o) => dot(row, w) + (bias?.data[o] ?? 0))));

/** Cross-correlation with zero padding, weight [O, C, K, K]. */
export function conv(
  x: Numbers,
  weight: Numbers,
  { stride = 1, padding = 0, bias }: { stride?: number; padding?: number; bias?: Numbers } = {},
): Numbers {
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  const [out, , kh, kw] = weight.shape as [number, number, number, number];
  const reach = (length: number, kernel: number) => Math.floor((length + 2 * padding - kernel) / stride) + 1;
  return made([n, out, reach(h, kh), reach(w, kw)], (image, o, r, c) => {
    let sum = bias?.data[o!] ?? 0;
    for (let i = 0; i < channels; i++) {
      for (let dr = 0; dr < kh; dr++) {
        for (let dc = 0; dc < kw; dc++) {
          const [row, column] = [r! * stride + dr - padding, c! * stride + dc - padding];
          if (row < 0 || row >= h || column < 0 || column >= w) continue;
          const value = x.data[((image! * channels + i) * h + row) * w + column]!;
          sum += value * weight.data[((o! * channels + i) * kh + dr) * kw + dc]!;
        }
      }
    }
    return sum;
  });
}

/** Every pixel spreads a kernel; weight [C, O, K, K]. */
export function transposedConv(
  x: Numbers,
  weight: Numbers,
  bias: Numbers,
  { stride = 1, padding = 1 }: { stride?: number; padding?: number } = {},
): Numbers {
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  const [, out, kh, kw] = weight.shape as [number, number, number, number];
  const reach = (length: number, kernel: number) => stride * (length - 1) + kernel - 2 * padding;
  const y = made([n, out, reach(h, kh), reach(w, kw)], (_, o) => bias.data[o!]!);
  const sums = [...y.data];
  const [, , rowsOut, columnsOut] = y.shape as [number, number, number, number];
  made([n, channels, h, w, out, kh, kw], (image, i, r, c, o, dr, dc) => {
    const [row, column] = [r! * stride + dr! - padding, c! * stride + dc! - padding];
    if (row >= 0 && row < rowsOut && column >= 0 && column < columnsOut) {
      const place = ((image! * out + o!) * rowsOut + row) * columnsOut + column;
      sums[place] = sums[place]! + at(x, image!, i!, r!, c!) * at(weight, i!, o!, dr!, dc!);
    }
    return 0;
  });
  return { shape: y.shape, data: sums };
}

/** Batch norm in training: over all but the channels, by the biased variance and 1e-5. */
export function batchNorm(x: Numbers, layer: Layer): Numbers {
  const [batch, channels] = x.shape as [number, number];
  const area = x.data.length / batch / channels;
  const channelOf = (i: number) => Math.floor(i / area) % channels;
  const byChannel: number[][] = Array.from({ length: channels }, () => []);
  for (const [i, v] of x.data.entries()) byChannel[channelOf(i)]!.push(v);
  const statistics = byChannel.map((values) => {
    const mean = average(values);
    return { mean, deviation: Math.sqrt(average(values.map((v) => (v - mean) ** 2)) + 1e-5) };
  });
  const [scale, offset] = [layer('weight'), layer('bias')];
  return mapped(x, (v, i) => {
    const c = channelOf(i);
    return ((v - statistics[c]!.mean) / statistics[c]!.deviation) * scale.data[c]! + offset.data[c]!;
  });
}

/** Maps averaged to a smaller size that divides theirs. */
export function pooled(x: Numbers, side: number): Numbers {
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  if (h === side && w === side) return x;
  const [high, wide] = [h / side, w / side];
  return made([n, channels, side, side], (image, c, r, s) =>
    average(
      Array.from({ length: high * wide }, (_, i) =>
        at(x, image!, c!, r! * high + Math.floor(i / wide), s! * wide + (i % wide)),
      ),
    ),
  );
}

/** Maps enlarged or thinned, each position that of the nearest above and to the left. */
export function nearest(x: Numbers, [height, width]: readonly [number, number]): Numbers {
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  return made([n, channels, height, width], (image, c, r, s) =>
    at(x, image!, c!, Math.floor((r! * h) / height), Math.floor((s! * w) / width)),
  );
}

export const softmax = (row: readonly number[]): number[] => {
  const e = row.map(Math.exp);
  return e.map((x) => x / total(e));
};

/** Mean over the batch of KL(softmax(teacher) | softmax(student)). */
export const divergence = (student: Numbers, teacher: Numbers): number =>
  average(
    rows(student).map((row, n) => {
      const [q, p] = [softmax(row), softmax(rows(teacher)[n]!)];
      return total(p.map((x, i) => x * Math.log(x / q[i]!)));
    }),
  );

/** Eigenvalues and eigenvectors of a symmetric matrix by Jacobi's rotations, the largest eigenvalue first. */
export function eigen(symmetric: readonly (readonly number[])[]): { value: number; vector: number[] }[] {
  const a = symmetric.map((row) => [...row]);
  const size = a.length;
  const v = a.map((_, i) => a.map((__, j) => Number(i === j)));
  for (let sweep = 0; sweep < 60; sweep++) {
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        if (a[p]![q] === 0) continue;
        const angle = 0.5 * Math.atan2(2 * a[p]![q]!, a[p]![p]! - a[q]![q]!);
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        const turn = (x: number, y: number): [number, number] => [c * x + s * y, c * y - s * x];
        for (const row of [...a, ...v]) [row[p], row[q]] = turn(row[p]!, row[q]!);
        for (let k = 0; k < size; k++) [a[p]![k], a[q]![k]] = turn(a[p]![k]!, a[q]![k]!);
      }
    }
  }
  return a
    .map((row, i) => ({ value: row[i]!, vector: v.map((line) => line[i]!) }))
    .sort((x, y) => y.value - x.value);
}
