/** Where a row or column of a scaled image comes from: two neighbours and the share of the second. */
interface Source {
  readonly low: number;
  readonly high: number;
  readonly share: number;
}

type Size = readonly [height: number, width: number];

/**
 * Prepares the scaling of maps of one size to another, bilinear between the centres of pixels, as PyTorch's `interpolate`
 * does with `align_corners=False` and no antialiasing.
 *
 * @returns scales a map; the result is overwritten by the next call
 */
export function resizer(from: Size, to: Size): (map: Float32Array) => Float32Array {
  const rows = sources(from[0], to[0]);
  const columns = sources(from[1], to[1]);
  const width = from[1];
  const result = new Float32Array(to[0] * to[1]);
  return (map) => {
    let at = 0;
    for (const row of rows) {
      const [top, bottom] = [row.low * width, row.high * width];
      for (const { low, high, share } of columns) {
        const above = map[top + low]! * (1 - share) + map[top + high]! * share;
        const below = map[bottom + low]! * (1 - share) + map[bottom + high]! * share;
        result[at++] = above * (1 - row.share) + below * row.share;
      }
    }
    return result;
  };
}

function sources(from: number, to: number): Source[] {
  return Array.from({ length: to }, (_, i) => {
    const centre = Math.max(((i + 0.5) * from) / to - 0.5, 0);
    const low = Math.min(Math.floor(centre), from - 1);
    const high = Math.min(low + 1, from - 1);
    return { low, high, share: centre - low };
  });
}
