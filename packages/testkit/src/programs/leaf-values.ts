import { type DType, type Shape, type TensorData, tensorData, toBfloat16 } from '@limbeck/graph';
import { numbersFrom } from './steps.js';

/** Floats at which kernels go wrong: not finite, zeros of both signs, denormals, the ends of the range. */
const specials = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  1e-40,
  -1e-40,
  1e-45,
  3e38,
  -3e38,
  1.2e-38,
  1,
  -1,
  88,
  -104,
] as const;

/** Share of special values in a leaf: none, few, many. */
const shares = [0, 0, 0.1, 0.5] as const;

/** What a leaf of a random program holds; integers are small, so that sums and products of them stay what they are. */
export function leafValues(dtype: DType, shape: Shape, seed: number): TensorData {
  const out = tensorData(dtype, shape);
  const next = numbersFrom(seed);
  const share = shares[next() % shares.length]!;
  for (let i = 0; i < out.data.length; i++) {
    const whole = next();
    if (dtype === 'bool') out.data[i] = whole & 1;
    else if (dtype === 'uint8') out.data[i] = whole % 7;
    else if (dtype === 'int32' || dtype === 'int8') out.data[i] = (whole % 7) - 3;
    else {
      const special = next() / 2 ** 32 < share;
      const value = special ? specials[whole % specials.length]! : (4 * whole) / 2 ** 32 - 2;
      out.data[i] = dtype === 'bfloat16' ? toBfloat16(value) : value;
    }
  }
  return out;
}
