import { type ImageShape, LimbeckError, type OpenDataset, type Split } from '@limbeck/core';

/** Splits of an opened data set by their names, `train` and `test` first. */
export function splitsOf({ train, test, splits }: OpenDataset): Record<string, Split> {
  return { ...(train && { train }), ...(test && { test }), ...splits };
}

/** Samples whose reading is tried: the first, the last, and one between. */
const tried = (length: number): number[] => [...new Set([0, length >> 1, length - 1])];

/**
 * Looks over a split as a plugin gives it.
 *
 * @throws LimbeckError BAD_DATA naming data set, split and sample where `read` leaves bytes unwritten, or is missing
 */
export function checkSplit(
  split: Split,
  { id, name, imageShape }: { id: string; name: string; imageShape: ImageShape | undefined },
): void {
  const fault = (what: string) =>
    new LimbeckError('BAD_DATA', `split '${name}' of data set '${id}' ${what}`, {
      hint: 'report this to the author of the plugin that contributes the data set',
      details: { dataset: id, split: name },
    });
  const { length } = split;
  if (!Number.isSafeInteger(length) || length < 0) throw fault(`has the length ${length}`);
  if (split.open === undefined && split.read === undefined) throw fault("has neither 'open' nor 'read'");
  if (split.open === undefined && length > 0) {
    if (imageShape === undefined) throw fault("has 'read', but the data set gives no imageShape");
    const size = imageShape.reduce((product, extent) => product * extent, 1);
    for (const sample of tried(length)) {
      const problem = unwritten(split, sample, size);
      if (problem !== undefined) throw fault(`cannot be used: reading sample ${sample} ${problem}`);
    }
  }
}

/** Reads one sample twice over different bytes: what differs afterwards, or is touched outside, tells. */
function unwritten(split: Split, sample: number, size: number): string | undefined {
  const margin = 8;
  const [first, second] = [0x55, 0xaa].map((fill) => new Uint8Array(size + 2 * margin).fill(fill));
  for (const into of [first!, second!]) {
    try {
      split.read!(sample, into, margin);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return `writes beyond the ${size} bytes of an image: ${error.message}`;
    }
  }
  let written = 0;
  for (let i = 0; i < size; i++) if (first![margin + i] === second![margin + i]) written++;
  if (written < size) {
    return `writes ${written} of the ${size} bytes that imageShape takes, or others each time`;
  }
  const outside = [...first!.subarray(0, margin), ...first!.subarray(margin + size)];
  return outside.every((byte) => byte === 0x55) ? undefined : `writes beyond the ${size} bytes of an image`;
}
