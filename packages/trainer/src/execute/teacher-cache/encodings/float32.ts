import type { Encoding } from '../encoding.js';

/** The values themselves. */
export function float32(shape: readonly number[]): Encoding {
  return {
    label: 'float32',
    fields: [{ suffix: '', dtype: 'float32', shape }],
    largest: Number.MAX_VALUE,
    encode: (values, [into]) => into!.set(values),
    decode: ([from], into) => into.set(from!),
  };
}
