/** Maps as plain lists: image, channel, position. */
export type Planes = number[][][];

/** The planes of a tensor [N, C, H, W] as plain lists, for formulas that are written in loops. */
export function planesOf(
  data: ArrayLike<number>,
  { batch, channels }: { readonly batch: number; readonly channels: number },
): Planes {
  const size = data.length / batch / channels;
  return Array.from({ length: batch }, (_, n) =>
    Array.from({ length: channels }, (__, c) =>
      Array.from({ length: size }, (___, i) => data[(n * channels + c) * size + i]!),
    ),
  );
}
