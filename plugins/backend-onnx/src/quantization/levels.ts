/** Smallest and largest value of an activation. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** What the 256 levels of unsigned 8-bit activations stand for: `value = scale * (level - zeroPoint)`. */
export interface Levels {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Spreads the levels over a range. Zero is a level exactly: padding is made of it. */
export function levelsOf(range: Range): Levels {
  const min = Math.min(range.min, 0);
  const max = Math.max(range.max, 0);
  const scale = Math.fround((max - min) / 255);
  // a range too small for a scale is that of a value which is always zero
  if (scale === 0) return { scale: 1, zeroPoint: 0 };
  return { scale, zeroPoint: Math.min(Math.max(Math.round(-min / scale), 0), 255) };
}
