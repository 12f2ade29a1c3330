import { LimbeckError } from '@limbeck/core';
import type { RunDataset } from '@limbeck/data';
import { formatShape } from '@limbeck/graph';
import type { ModelChoice } from '../run/choices.js';
import { differences } from '../run/identity.js';
import type { Weights } from '../run/weights.js';

/**
 * Compares what a file of weights says about itself with the data: files this project wrote name their classes and image
 * shape, so that a mix-up is told in those words instead of a list of tensors.
 *
 * @returns a warning where images have another size; a convolutional network still runs on them
 * @throws LimbeckError WEIGHTS_MISMATCH, SHAPE_MISMATCH
 */
export function checkOrigin(
  { source, metadata = {} }: Weights,
  role: string,
  { classes, imageShape }: Pick<RunDataset, 'classes' | 'imageShape'>,
  { isNewHead = false }: { readonly isNewHead?: boolean } = {},
): string | undefined {
  const trainedClasses = metadata['limbeck.classes'];
  if (!isNewHead && trainedClasses !== undefined && trainedClasses !== String(classes)) {
    throw new LimbeckError(
      'WEIGHTS_MISMATCH',
      `${source} holds a ${role} for ${trainedClasses} classes, the data has ${classes}`,
      {
        hint:
          'take weights trained on this data set, or the data set the weights were trained on; ' +
          'a student may take the rest with a new classifier: weights: { file: FILE, head: new }',
      },
    );
  }
  const trainedShape = metadata['limbeck.imageShape'];
  const shape = formatShape(imageShape);
  if (trainedShape === undefined || trainedShape === shape) return undefined;
  const [trainedChannels] = trainedShape.slice(1).split(',');
  if (trainedChannels !== String(imageShape[0])) {
    throw new LimbeckError(
      'SHAPE_MISMATCH',
      `${source} holds a ${role} for images ${trainedShape}, those of the data are ${shape}`,
      { hint: 'the number of channels must be the same' },
    );
  }
  return `${source} holds a ${role} trained on images ${trainedShape}, those of the data are ${shape}`;
}

/**
 * Where what a file says about its model's options differs from a choice of the same backbone, a line each:
 * `heads: 3, now 4`. Files say nothing about options that came after them, and some say nothing at all.
 */
export function otherOptions({ metadata = {} }: Weights, { backbone, options }: ModelChoice): string[] {
  const said = metadata['limbeck.options'];
  if (said === undefined || metadata['limbeck.backbone'] !== backbone.id) return [];
  const then = readObject(said);
  const now = JSON.parse(JSON.stringify(options ?? {})) as Readonly<Record<string, unknown>>;
  return Object.keys(then).flatMap((key) => differences(then[key], now[key], key));
}

/** Nothing where it is no object: whether it makes sense is decided where a model is made of it. */
function readObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
