import { type Augmentation, type ImageShape, LimbeckError, type OpenDataset } from '@limbeck/core';

/** A change with its checked options. */
export interface ChosenChange {
  // biome-ignore lint/suspicious/noExplicitAny: every change brings an option type of its own
  readonly contribution: Augmentation<any>;
  readonly options: unknown;
}

/** A shape whose height and width may depend on the picture. */
export interface OpenShape {
  readonly channels: number;
  readonly size: { readonly height: number; readonly width: number } | undefined;
}

/** What samples of a data set are before any change. */
export function shapeBefore({
  imageShape,
  channels,
}: Pick<OpenDataset, 'imageShape' | 'channels'>): OpenShape {
  if (imageShape === undefined) return { channels: channels ?? 3, size: undefined };
  return { channels: imageShape[0], size: { height: imageShape[1], width: imageShape[2] } };
}

/** What a change makes of a shape. */
export function shapeAfter({ contribution, options }: ChosenChange, before: OpenShape): OpenShape {
  if (contribution.kind === 'frame') {
    return { channels: before.channels, size: contribution.sizeOf(options, before.size) };
  }
  if (contribution.kind === 'channels') return { channels: contribution.create(options), size: before.size };
  return before;
}

/** [C, H, W] of a shape that is known. */
export const fixedShape = ({ channels, size }: OpenShape): ImageShape | undefined =>
  size && [channels, size.height, size.width];

/**
 * The shape that a list of changes gives.
 *
 * @param list what messages call it: `data.augment`
 * @throws LimbeckError CONFIG_INVALID where pictures of any size are not brought to one, or a change in place comes before
 */
export function shapeOfChanges(
  changes: readonly ChosenChange[],
  before: OpenShape,
  list: string,
): ImageShape {
  let shape = before;
  for (const change of changes) {
    const { id, kind } = change.contribution;
    if ((kind === undefined || kind === 'in-place') && shape.size === undefined) {
      throw new LimbeckError('CONFIG_INVALID', `'${id}' in ${list} works on images of one size`, {
        hint: "put 'random-resized-crop', or 'resize' and 'center-crop', before it",
      });
    }
    shape = shapeAfter(change, shape);
  }
  const fixed = fixedShape(shape);
  if (fixed !== undefined) return fixed;
  throw new LimbeckError('CONFIG_INVALID', `the images have any size, and ${list} does not give them one`, {
    hint: "say data.imageSize, or put 'random-resized-crop', or 'resize' and 'center-crop', in the list",
  });
}
