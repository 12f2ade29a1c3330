import { type AffineMap, affine, turned } from './affine.js';
import type { Change } from './tone-changes.js';

type Shape = readonly [number, number, number];

/** @param mapOf of a strength in [-1, 1] */
function moving(shape: Shape, mapOf: (strength: number) => AffineMap): Change {
  const move = affine(shape);
  return (image, strength) => move(image, mapOf(strength));
}

/** By up to 30 degrees either way. */
export const rotate = (shape: Shape): Change => moving(shape, (strength) => turned(-30 * strength));

/** Rows slide by up to 0.3 of their distance from the middle. */
export const shearX = (shape: Shape): Change => moving(shape, (strength) => [1, 0.3 * strength, 0, 0, 1, 0]);

/** Columns slide by up to 0.3 of their distance from the middle. */
export const shearY = (shape: Shape): Change => moving(shape, (strength) => [1, 0, 0, 0.3 * strength, 1, 0]);

/** Sideways by up to 0.3 of the width. */
export const translateX = (shape: Shape): Change =>
  moving(shape, (strength) => [1, 0, 0.3 * strength * shape[2], 0, 1, 0]);

/** Up or down by up to 0.3 of the height. */
export const translateY = (shape: Shape): Change =>
  moving(shape, (strength) => [1, 0, 0, 0, 1, 0.3 * strength * shape[1]]);
