import type { Encoding } from '../encoding.js';

const levels = 127;

/** Whole numbers from -127 to 127 times a scale of the record's own: off by at most 1/254 of its largest magnitude. */
export function int8(shape: readonly number[]): Encoding {
  return {
    label: 'int8',
    fields: [
      { suffix: '', dtype: 'int8', shape },
      { suffix: ':scale', dtype: 'float32', shape: [] },
    ],
    largest: Number.MAX_VALUE,
    encode(values, [into, scales]) {
      let largest = 0;
      for (const value of values) largest = Math.max(largest, Math.abs(value));
      const scale = Math.fround(largest / levels);
      scales![0] = scale;
      for (let i = 0; i < values.length; i++) {
        // a scale among the subnormals is coarse: what it cannot reach stays at the end
        into![i] = scale === 0 ? 0 : Math.max(-levels, Math.min(levels, Math.round(values[i]! / scale)));
      }
    },
    decode([from, scales], into) {
      const scale = scales![0]!;
      for (let i = 0; i < into.length; i++) into[i] = from![i]! * scale;
    },
  };
}
