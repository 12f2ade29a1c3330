import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  autoContrast,
  equalize,
  posterize,
  sharpness,
  solarize,
} from './tone.js';

/** Changes the values of an image's bytes in place; `strength` is in [-1, 1], its sign the direction where there are two. */
export type Change = (image: Uint8Array, strength: number) => void;

/** Towards black or beyond the image: factors 0.1 to 1.9. */
export const brighten: Change = (image, strength) => adjustBrightness(image, 1 + 0.9 * strength);

/** Towards the mean grey or away from it: factors 0.1 to 1.9. */
export const contrasting =
  (channels: number): Change =>
  (image, strength) =>
    adjustContrast(image, channels, 1 + 0.9 * strength);

/** Inverts what is as bright as a threshold or brighter, which falls from 256 to 0. */
export const solarizing: Change = (image, strength) => solarize(image, 256 * (1 - Math.abs(strength)));

/** Keeps the highest 8 down to 4 bits. */
export const posterizing: Change = (image, strength) =>
  posterize(image, 8 - Math.round(4 * Math.abs(strength)));

/** Spreads each channel over all values. */
export const spreading =
  (channels: number): Change =>
  (image) =>
    autoContrast(image, channels);

/** Makes all values of each channel about equally frequent. */
export const equalizing =
  (channels: number): Change =>
  (image) =>
    equalize(image, channels);

/** Factors of FixMatch's list, 0.05 to 0.95: its changes only ever take something away. */
const faded = (strength: number): number => 0.5 + 0.45 * strength;

/** Between black and the image. */
export const darkening: Change = (image, strength) => adjustBrightness(image, faded(strength));

/** Between the mean grey and the image. */
export const flattening =
  (channels: number): Change =>
  (image, strength) =>
    adjustContrast(image, channels, faded(strength));

/** Between the grey image and the image; images without three channels stay as they are. */
export const desaturating =
  (channels: number): Change =>
  (image, strength) =>
    adjustSaturation(image, channels, faded(strength));

/** Between the blurred image and the image. */
export const softening = (shape: readonly [number, number, number]): Change => {
  const sharpen = sharpness(shape);
  return (image, strength) => sharpen(image, faded(strength));
};
