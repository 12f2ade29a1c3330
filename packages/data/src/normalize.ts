import { type ImageShape, LimbeckError, type OpenDataset } from '@limbeck/core';

/** Per-channel mean and standard deviation of pixels scaled to [0, 1]. */
export type Normalization = NonNullable<OpenDataset['normalization']>;

/**
 * Prepares the change from bytes to normalised pixels, (byte / 255 - mean) / std, for images of one shape. It goes
 * through a table of 256 entries a channel: a byte has no other values, and a look-up beats the arithmetic.
 *
 * @throws LimbeckError `SHAPE_MISMATCH` when mean or std do not have one number a channel, `BAD_DATA` when a number
 *   is not finite or a standard deviation is not positive
 */
export function createNormalizer(
  { mean, std }: Normalization,
  imageShape: ImageShape,
): (bytes: Uint8Array, into: Float32Array, offset: number) => void {
  const [channels, height, width] = imageShape;
  checkNormalization(mean, std, imageShape);
  const tables = mean.map((m, channel) =>
    Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - m) / std[channel]!),
  );
  const plane = height * width;
  return (bytes, into, offset) => {
    for (let channel = 0; channel < channels; channel++) {
      const table = tables[channel]!;
      const end = (channel + 1) * plane;
      for (let i = channel * plane; i < end; i++) into[offset + i] = table[bytes[i]!]!;
    }
  };
}

function checkNormalization(mean: readonly number[], std: readonly number[], imageShape: ImageShape): void {
  const channels = imageShape[0];
  for (const [name, values] of Object.entries({ mean, std })) {
    if (values.length !== channels) {
      throw new LimbeckError(
        'SHAPE_MISMATCH',
        `normalization.${name} has ${values.length} numbers, images [${imageShape.join(', ')}] have ${channels} channels`,
        { hint: 'give one number a channel' },
      );
    }
    if (!values.every((value) => Number.isFinite(value) && (name === 'mean' || value > 0))) {
      throw new LimbeckError('BAD_DATA', `normalization.${name} is [${values.join(', ')}]`, {
        hint: 'means must be finite, standard deviations positive',
      });
    }
  }
}
