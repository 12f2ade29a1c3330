import { type SampleInput, sizeOf, type TensorData, tensorData } from '@limbeck/graph';
import { patternNumbers } from '../golden/pattern.js';

/** The tensor a sample's input stands for: its listed values, or its range filled by the pattern `seed`, `name`. */
export function fillSampleInput(input: SampleInput, seed: string, name: string): TensorData {
  const { shape, dtype = 'float32', from = -1, to = 1, values } = input;
  const out = tensorData(dtype, shape);
  const numbers =
    values ?? patternNumbers(seed, name, sizeOf(shape)).map((u) => from + ((u + 1) / 2) * (to - from));
  if (numbers.length !== out.data.length) {
    throw new RangeError(
      `${name} of sample ${seed} lists ${numbers.length} values for ${out.data.length} elements`,
    );
  }
  for (let i = 0; i < numbers.length; i++) {
    out.data[i] = dtype === 'float32' ? numbers[i]! : Math.round(numbers[i]!);
  }
  return out;
}
