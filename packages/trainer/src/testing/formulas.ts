/** Rows of numbers, one a sample. */
export type Rows = readonly (readonly number[])[];

/** Linear CKA by Gram matrices and HSIC, as the paper defines it. */
export function ckaByGrams(x: Rows, y: Rows): number {
  const gram = (rows: Rows) => {
    const k = rows.map((a) => rows.map((b) => a.reduce((sum, value, c) => sum + value * b[c]!, 0)));
    const means = k.map((row) => row.reduce((u, v) => u + v) / k.length);
    const all = means.reduce((u, v) => u + v) / k.length;
    return k.map((row, i) => row.map((value, j) => value - means[i]! - means[j]! + all));
  };
  const hsic = (k: number[][], l: number[][]) =>
    k.reduce((sum, row, i) => sum + row.reduce((inner, value, j) => inner + value * l[i]![j]!, 0), 0);
  const [k, l] = [gram(x), gram(y)];
  return hsic(k, l) / Math.sqrt(hsic(k, k) * hsic(l, l));
}

/** Mean cosine of rows, in the order of the textbook. */
export function meanCosine(x: Rows, y: Rows): number {
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
  const cosines = x.map((a, i) => dot(a, y[i]!) / (Math.sqrt(dot(a, a)) * Math.sqrt(dot(y[i]!, y[i]!))));
  return cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
}

/** Share of rows whose largest number stands at the same place. */
export function sameArgmax(x: Rows, y: Rows): number {
  const place = (row: readonly number[]) => row.indexOf(Math.max(...row));
  return x.filter((row, i) => place(row) === place(y[i]!)).length / x.length;
}
