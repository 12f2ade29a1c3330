/** One node of a random program, as numbers that mean something for any program: each is taken modulo what there is. */
export interface Step {
  /** Which operation. */
  readonly operation: number;
  /** Which of its samples: shapes and attributes. */
  readonly sample: number;
  /** Which element type takes the place of float32 in the sample. */
  readonly dtype: number;
  /** Where each operand comes from: an earlier node or a new leaf. */
  readonly operands: readonly number[];
  /** What new leaves hold. */
  readonly seed: number;
}

/** Operands of a step beyond these take them from the start again. */
export const operandsOfStep = 5;

/** Most nodes of a random program; operands that do not fit add a few of their own. */
export const longestProgram = 12;

/** Numbers in [0, 2^32) from a seed: a mixer over a counter. */
export function numbersFrom(seed: number): () => number {
  let counter = seed | 0;
  return () => {
    counter = (counter + 0x9e3779b9) | 0;
    let z = Math.imul(counter ^ (counter >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}

/** Steps of one program; the same for the same seed. */
export function drawSteps(seed: number): Step[] {
  const next = numbersFrom(seed);
  return Array.from({ length: 1 + (next() % longestProgram) }, () => ({
    operation: next(),
    sample: next(),
    dtype: next(),
    operands: Array.from({ length: operandsOfStep }, next),
    seed: next(),
  }));
}
