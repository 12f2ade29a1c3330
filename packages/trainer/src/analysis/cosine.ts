/** Rows of the same place in two arrays. */
export interface RowPlace {
  readonly start: number;
  readonly size: number;
}

/** Cosine of two vectors inside larger arrays; 1 where both are zero, 0 where one is. */
export function cosine(a: Float32Array, b: Float32Array, { start, size }: RowPlace): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = start; i < start + size; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  if (aa === 0 || bb === 0) return aa === bb ? 1 : 0;
  // rounding may leave a vector's cosine with itself just above 1
  return Math.min(ab / Math.sqrt(aa * bb), 1);
}
