import type { Encoding, FieldArray } from '../encoding.js';

/** Classes up to which a byte names one. */
const classesOfAByte = 256;

/**
 * The largest logits with their classes, and the logarithm of the summed exponentials of all others. Read back, the logits
 * are dense again: the largest as they were kept, every other one the same number, at which all of them together have the
 * probability they had. At temperature 1 the softmax is exact for the classes that were kept; above it the rest weighs
 * somewhat more than it did, since evenly spread it is softened the most.
 *
 * @param values keeps the `top` logits, the largest first
 */
export function topK(values: Encoding, top: number, classes: number): Encoding {
  const own = values.fields.length;
  const others = classes - top;
  const chosen = new Int32Array(top);
  const largest = new Float32Array(top);
  return {
    label: `${values.label}, top ${top} of ${classes}`,
    fields: [
      ...values.fields,
      { suffix: ':indices', dtype: classes <= classesOfAByte ? 'uint8' : 'int32', shape: [top] },
      { suffix: ':rest', dtype: 'float32', shape: [] },
    ],
    largest: values.largest,
    encode(logits, into) {
      select(logits, chosen);
      chosen.forEach((index, i) => {
        largest[i] = logits[index]!;
      });
      values.encode(largest, into.slice(0, own));
      into[own]!.set(chosen);
      into[own + 1]![0] = logSumOfOthers(logits, chosen);
    },
    decode(from, logits) {
      values.decode(from.slice(0, own), largest);
      const indices: FieldArray = from[own]!;
      logits.fill(from[own + 1]![0]! - Math.log(others));
      for (let i = 0; i < top; i++) logits[indices[i]!] = largest[i]!;
    },
  };
}

/** Indices of the largest values, the largest first; among equals the first comes first. */
function select(values: Float32Array, into: Int32Array): void {
  let found = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (found === into.length && value <= values[into[found - 1]!]!) continue;
    let place = found < into.length ? found++ : found - 1;
    for (; place > 0 && values[into[place - 1]!]! < value; place--) into[place] = into[place - 1]!;
    into[place] = index;
  }
}

function logSumOfOthers(logits: Float32Array, chosen: Int32Array): number {
  const isChosen = new Uint8Array(logits.length);
  for (const index of chosen) isChosen[index] = 1;
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) if (isChosen[i] === 0) largest = Math.max(largest, logits[i]!);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) if (isChosen[i] === 0) sum += Math.exp(logits[i]! - largest);
  return largest + Math.log(sum);
}
