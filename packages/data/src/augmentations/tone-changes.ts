/** Changes the values of an image's bytes in place; `strength` is in [-1, 1], its sign the direction where there are two. */
export type Change = (image: Uint8Array, strength: number) => void;

const byte = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));

/** Applies a table of 256 entries to part of an image. */
function lookUp(image: Uint8Array, entry: (value: number) => number): void {
  const table = Uint8Array.from({ length: 256 }, (_, value) => byte(entry(value)));
  for (let i = 0; i < image.length; i++) image[i] = table[image[i]!]!;
}

/** Towards black or beyond the image: factors 0.1 to 1.9. */
export const brightness: Change = (image, strength) => lookUp(image, (value) => value * (1 + 0.9 * strength));

/** Towards the mean grey or away from it: factors 0.1 to 1.9. */
export const contrast: Change = (image, strength) => {
  const mean = image.reduce((sum, value) => sum + value, 0) / image.length;
  lookUp(image, (value) => mean + (value - mean) * (1 + 0.9 * strength));
};

/** Inverts what is brighter than a threshold, which falls from 255 to 0. */
export const solarize: Change = (image, strength) => {
  const threshold = 255 * (1 - Math.abs(strength));
  lookUp(image, (value) => (value > threshold ? 255 - value : value));
};

/** Keeps the highest 8 down to 4 bits. */
export const posterize: Change = (image, strength) => {
  const dropped = Math.round(4 * Math.abs(strength));
  lookUp(image, (value) => (value >> dropped) << dropped);
};

const channelsOf = (image: Uint8Array, channels: number): Uint8Array[] =>
  Array.from({ length: channels }, (_, c) => {
    const size = image.length / channels;
    return image.subarray(c * size, (c + 1) * size);
  });

/** Spreads each channel over all values, from its smallest to its largest. */
export const autoContrast =
  (channels: number): Change =>
  (image) => {
    for (const plane of channelsOf(image, channels)) {
      const low = plane.reduce((least, value) => Math.min(least, value), 255);
      const high = plane.reduce((most, value) => Math.max(most, value), 0);
      if (high > low) lookUp(plane, (value) => ((value - low) * 255) / (high - low));
    }
  };

/** Makes all values of each channel about equally frequent. */
export const equalize =
  (channels: number): Change =>
  (image) => {
    for (const plane of channelsOf(image, channels)) {
      const counts = new Uint32Array(256);
      for (const value of plane) counts[value]!++;
      const least = counts.find((count) => count > 0)!;
      if (least === plane.length) continue;
      let sofar = 0;
      const below = Array.from(counts, (count) => {
        sofar += count;
        return sofar;
      });
      lookUp(plane, (value) => ((below[value]! - least) * 255) / (plane.length - least));
    }
  };
