import type { Change } from './tone-changes.js';

/** Where an output pixel comes from, as offsets from the image's centre. */
type Source = (row: number, column: number) => readonly [row: number, column: number];

/**
 * Moves pixels about: each takes the nearest one of where it comes from; what comes from outside is black.
 *
 * @param shape [C, H, W] of the images
 * @param sourceAt of a strength in [-1, 1]
 */
function affine(
  [channels, height, width]: readonly [number, number, number],
  sourceAt: (strength: number) => Source,
): Change {
  const original = new Uint8Array(channels * height * width);
  const [middleRow, middleColumn] = [(height - 1) / 2, (width - 1) / 2];
  return (image, strength) => {
    original.set(image);
    const source = sourceAt(strength);
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const [down, right] = source(row - middleRow, column - middleColumn);
        const [y, x] = [Math.round(middleRow + down), Math.round(middleColumn + right)];
        const isInside = y >= 0 && y < height && x >= 0 && x < width;
        for (let channel = 0; channel < channels; channel++) {
          const plane = channel * height * width;
          image[plane + row * width + column] = isInside ? original[plane + y * width + x]! : 0;
        }
      }
    }
  };
}

type Shape = readonly [number, number, number];

/** By up to 30 degrees either way. */
export const rotate = (shape: Shape): Change =>
  affine(shape, (strength) => {
    const angle = (strength * Math.PI) / 6;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return (row, column) => [cos * row + sin * column, cos * column - sin * row];
  });

/** Rows slide by up to 0.3 of their distance from the middle. */
export const shearX = (shape: Shape): Change =>
  affine(shape, (strength) => (row, column) => [row, column + 0.3 * strength * row]);

/** Columns slide by up to 0.3 of their distance from the middle. */
export const shearY = (shape: Shape): Change =>
  affine(shape, (strength) => (row, column) => [row + 0.3 * strength * column, column]);

/** Sideways by up to 0.3 of the width. */
export const translateX = (shape: Shape): Change =>
  affine(shape, (strength) => (row, column) => [row, column + 0.3 * strength * shape[2]]);

/** Up or down by up to 0.3 of the height. */
export const translateY = (shape: Shape): Change =>
  affine(shape, (strength) => (row, column) => [row + 0.3 * strength * shape[1], column]);
