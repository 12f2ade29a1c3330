/** Index of the largest of `classes` numbers from `start` on; the first of equals. */
export function mostLikely(logits: Float32Array, start: number, classes: number): number {
  let best = 0;
  for (let i = 1; i < classes; i++) if (logits[start + i]! > logits[start + best]!) best = i;
  return best;
}
