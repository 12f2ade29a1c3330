/** What the kernels of a convolution are told: maps [N, H, W, C], weights [kH, kW, C, O]. */
export interface WindowAttributes {
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Rows and columns of zeros before and after, axis by axis of the map. */
  readonly pad: 'valid' | readonly (readonly [number, number])[];
}

/** The sizes of a convolution. */
export interface Windows extends WindowAttributes {
  readonly images: number;
  /** Height and width of the maps and of the kernel. */
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
  readonly kernel: readonly [number, number];
}

/**
 * The windows of a convolution.
 *
 * @param map shape of what it reads
 * @param filter shape of its weights
 */
export function windowsOf(
  map: readonly number[],
  filter: readonly number[],
  attributes: WindowAttributes,
): Windows {
  const { strides, dilations, pad } = attributes;
  const sized = ([0, 1] as const).map((axis) => {
    const [before, after] = pad === 'valid' ? [0, 0] : pad[axis + 1]!;
    const reach = (filter[axis]! - 1) * dilations[axis] + 1;
    return Math.floor((map[axis + 1]! + before + after - reach) / strides[axis]) + 1;
  });
  return {
    ...{ strides, dilations, pad },
    images: map[0]!,
    input: [map[1]!, map[2]!],
    output: sized as [number, number],
    kernel: [filter[0]!, filter[1]!],
  };
}

/**
 * Positions of a map side by side that meet the same weights: `count` of the result from position `to` on, and those
 * they are computed from, beginning at `from`, `step` apart. Positions are counted over all images.
 */
export type Run = (tap: number, from: number, to: number, count: number, step: number) => void;

/** Goes through all that a convolution multiplies, in runs. Positions in the padding are left out. */
export function eachRun({ images, input, output, kernel, strides, dilations, pad }: Windows, run: Run): void {
  const [top, left] = pad === 'valid' ? [0, 0] : [pad[1]![0], pad[2]![0]];
  const [stepDown, step] = strides;
  for (let tap = 0; tap < kernel[0] * kernel[1]; tap++) {
    const down = Math.floor(tap / kernel[1]) * dilations[0] - top;
    const across = (tap % kernel[1]) * dilations[1] - left;
    const first = Math.max(0, Math.ceil(-across / step));
    const end = Math.min(output[1], Math.floor((input[1] - 1 - across) / step) + 1);
    if (end <= first) continue;
    for (let image = 0; image < images; image++) {
      for (let row = 0; row < output[0]; row++) {
        const above = row * stepDown + down;
        if (above < 0 || above >= input[0]) continue;
        const from = (image * input[0] + above) * input[1] + first * step + across;
        run(tap, from, (image * output[0] + row) * output[1] + first, end - first, step);
      }
    }
  }
}
