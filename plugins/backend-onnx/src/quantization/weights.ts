import type { OnnxTensor } from '@limbeck/formats';

/** Largest level of weights of so many bits: levels are signed and symmetric around zero. */
const largestLevel = { 7: 63, 8: 127 } as const;

/** Bits of weights. */
export type WeightBits = keyof typeof largestLevel;

/** The constants of a convolution or a product in integers: `weight = scales[o] * level`, `bias = scales[o] * inputScale * level`. */
export interface QuantizedWeights {
  readonly weight: Int8Array;
  readonly bias: Int32Array | undefined;
  /** One for each output channel. */
  readonly scales: Float32Array;
}

/** Biases stay this far below what 32 bits hold, so that sums have room. */
const largestBias = 2 ** 30;

/** Rounds weights [O, I, kH, kW] or [O, I] and biases [O], each output channel by a scale of its own. */
export function quantizeWeights(
  weight: OnnxTensor,
  bias: OnnxTensor | undefined,
  { inputScale, bits }: { readonly inputScale: number; readonly bits: WeightBits },
): QuantizedWeights {
  const values = weight.data as Float32Array;
  const outputs = weight.shape[0]!;
  const size = values.length / outputs;
  const limit = largestLevel[bits];
  const biases = bias?.data as Float32Array | undefined;
  const scales = new Float32Array(outputs);
  const levels = new Int8Array(values.length);
  const offsets = biases === undefined ? undefined : new Int32Array(outputs);
  for (let o = 0; o < outputs; o++) {
    const channel = values.subarray(o * size, (o + 1) * size);
    const largest = channel.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    // a channel with hardly any weights still needs levels for its bias
    const least = Math.abs(biases?.[o] ?? 0) / (inputScale * largestBias);
    scales[o] = Math.max(largest / limit, least) || 1;
    const scale = scales[o]!;
    for (let i = 0; i < size; i++) {
      levels[o * size + i] = Math.min(Math.max(Math.round(channel[i]! / scale), -limit), limit);
    }
    if (offsets !== undefined) offsets[o] = Math.round(biases![o]! / (inputScale * scale));
  }
  return { weight: levels, bias: offsets, scales };
}
