import { float16ToFloat32, float32ToFloat16 } from '@limbeck/formats';
import type { Encoding } from '../encoding.js';

const halves = 0x1_0000;

/** IEEE half precision, rounded to nearest: a relative error of at most 2^-11, an absolute one of 2^-25 below 2^-14. */
export function float16(shape: readonly number[]): Encoding {
  // a look-up beats taking each half apart, and there are no others
  const singles = float16ToFloat32(Uint16Array.from({ length: halves }, (_, half) => half));
  return {
    label: 'float16',
    fields: [{ suffix: '', dtype: 'float16', shape }],
    largest: 65_504,
    encode: (values, [into]) => into!.set(float32ToFloat16(values)),
    decode([from], into) {
      for (let i = 0; i < into.length; i++) into[i] = singles[from![i]!]!;
    },
  };
}
