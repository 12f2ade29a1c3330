import { LimbeckError } from '@limbeck/core';

/** Pixels of the largest picture that is decoded: 300 MB in colour. */
export const largestPicture = 100_000_000;

/** @throws LimbeckError BAD_DATA where a picture has more */
export function refuseLarge(name: string, width: number, height: number): void {
  if (width * height <= largestPicture) return;
  throw new LimbeckError(
    'BAD_DATA',
    `${name} has ${width} x ${height} pixels; at most ${largestPicture} are decoded`,
    {
      hint: "make it smaller, or leave such files out with data.onError: 'skip'",
      details: { path: name },
    },
  );
}
