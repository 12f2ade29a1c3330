import { LimbeckError, type Recipe } from '@limbeck/core';

/**
 * Makes sure that data are those of a recipe, as far as their number of classes tells.
 *
 * @throws LimbeckError PRECONDITION naming both numbers
 */
export function requireClasses(
  { id, data, classes }: Recipe,
  found: { readonly classes: number; readonly trainImages: number },
): void {
  if (classes === undefined || found.classes === classes) return;
  throw new LimbeckError(
    'PRECONDITION',
    `the data have ${found.classes} classes (${found.trainImages} training images); recipe '${id}' is for ${data} with ${classes}`,
    {
      hint: `name the folder of ${data} with --data, or leave it out for what limbeck data fetch brought`,
      details: { id, found: found.classes, expected: classes },
    },
  );
}
