/**
 * Gradient of a scalar function by central differences, one element after the other.
 *
 * @param at where; left as it was
 * @param step distance to either side, times the element's size where that is above 1
 */
export function centralDifferences(
  f: (x: Float64Array) => number,
  at: Float64Array,
  step: number,
): Float64Array {
  const x = at.slice();
  return at.map((value, i) => {
    const h = step * Math.max(1, Math.abs(value));
    x[i] = value + h;
    const above = f(x);
    x[i] = value - h;
    const below = f(x);
    x[i] = value;
    return (above - below) / (2 * h);
  });
}
