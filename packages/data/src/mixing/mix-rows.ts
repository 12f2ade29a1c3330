/**
 * Mixes each row of a batch with its partner, the one as far from the other end, in place: `share` of it stays. Pairs are
 * those of timm, which turns the batch round; the middle row of an odd number has no partner.
 */
export function mixRows(values: Float32Array, rows: number, share: number): void {
  const width = values.length / rows;
  for (let row = 0; row < rows >> 1; row++) {
    const own = row * width;
    const other = (rows - 1 - row) * width;
    for (let i = 0; i < width; i++) {
      const [a, b] = [values[own + i]!, values[other + i]!];
      values[own + i] = share * a + (1 - share) * b;
      values[other + i] = share * b + (1 - share) * a;
    }
  }
}

/** A rectangle of an image; ends are behind the last row and column. */
export interface Box {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Exchanges a rectangle between the partners of {@link mixRows}, in place. `images` are [N, C, H, W]. */
export function swapBox(
  images: Float32Array,
  [rows, channels, height, width]: readonly [number, number, number, number],
  { top, bottom, left, right }: Box,
): void {
  const size = channels * height * width;
  for (let row = 0; row < rows >> 1; row++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let y = top; y < bottom; y++) {
        const inside = (channel * height + y) * width;
        const [own, other] = [row * size + inside, (rows - 1 - row) * size + inside];
        for (let x = left; x < right; x++) {
          const kept = images[own + x]!;
          images[own + x] = images[other + x]!;
          images[other + x] = kept;
        }
      }
    }
  }
}
