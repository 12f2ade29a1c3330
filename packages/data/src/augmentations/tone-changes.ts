import { adjustBrightness, adjustContrast, autoContrast, equalize, posterize, solarize } from './tone.js';

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
