import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  dataFolder,
  findParts,
  type ModelFacts,
  openData,
  type PredictedImages,
  type Surroundings,
} from '@limbeck/compose';
import { LimbeckError } from '@limbeck/core';
import type { Host, ResolvedConfig } from '@limbeck/core/host';
import { completeLists, namedNormalizations } from '@limbeck/data';

/** What the command line says about images and classes. */
export interface SaidOfImages {
  /** File with a name of a class a line, in the order of the logits. */
  readonly classNames?: string;
  readonly normalization?: string;
  /** Pixels of height and width. */
  readonly imageSize?: number;
}

/** The task whose logits are one probability a class. */
const severalTask = 'binary-cross-entropy';

/**
 * How pictures become what a model sees: what the command line says, else what the model's file says, else the data of the
 * configuration.
 *
 * @param model what messages call it
 * @throws LimbeckError PRECONDITION where something is known from nowhere
 */
export async function describeImages(
  { facts, config, model }: { facts: ModelFacts | undefined; config?: ResolvedConfig; model: string },
  said: SaidOfImages,
  host: Host,
  surroundings: Surroundings,
): Promise<PredictedImages> {
  const own = facts?.pictures;
  const isComplete = own !== undefined || (said.normalization && said.imageSize && said.classNames);
  const data = isComplete || config === undefined ? undefined : await ofData(config, host, surroundings);
  const known: Partial<PredictedImages> = own !== undefined ? ofFile(facts!, host) : { ...facts, ...data };
  const classNames =
    said.classNames === undefined
      ? known.classNames
      : await readNames(path.resolve(surroundings.cwd, said.classNames));
  const normalization =
    said.normalization === undefined ? known.normalization : named(said.normalization, known);
  const sides = said.imageSize === undefined ? undefined : ([said.imageSize, said.imageSize] as const);
  const channels = known.imageShape?.[0] ?? normalization?.mean.length;
  const imageShape =
    sides === undefined || channels === undefined ? known.imageShape : ([channels, ...sides] as const);
  if (imageShape === undefined || normalization === undefined || classNames === undefined) {
    const missing = [
      ...(imageShape === undefined ? ['the size of its images (--image-size)'] : []),
      ...(normalization === undefined ? ['their normalisation (--normalization)'] : []),
      ...(classNames === undefined ? ['the names of its classes (--class-names)'] : []),
    ];
    throw new LimbeckError('PRECONDITION', `${model} does not say ${missing.join(', ')}`, {
      hint: 'give these options, or name the configuration it was trained with: --config FILE',
    });
  }
  const decoded = { channels: imageShape[0] === 1 ? 1 : 3 };
  const open = { ...decoded, size: undefined };
  const { evaluation } = completeLists({ train: [], evaluation: [] }, [imageShape[1], imageShape[2]], open);
  return {
    ...{ imageShape, normalization, classNames },
    ...(known.changes === undefined || sides !== undefined
      ? { decoded, changes: evaluation }
      : { decoded: known.decoded!, changes: known.changes }),
    several: known.several ?? config?.task.use === severalTask,
  };
}

function ofFile({ pictures, imageShape, normalization }: ModelFacts, host: Host): PredictedImages {
  const { classNames, decoded, evaluation, task } = pictures!;
  const place = { path: 'limbeck.pictures' };
  return {
    ...{ imageShape, normalization, classNames, decoded },
    changes: evaluation.map((use) => host.use('augmentations', use, place)),
    several: task === severalTask,
  };
}

async function ofData(
  config: ResolvedConfig,
  host: Host,
  surroundings: Surroundings,
): Promise<PredictedImages> {
  const dataset = await openData(config, findParts(config, host), dataFolder(config.data.dir, surroundings));
  const { imageShape, normalization, classNames, before, evaluation = [] } = dataset;
  const [channels, height, width] = imageShape;
  return {
    ...{ imageShape, normalization, classNames, changes: evaluation },
    decoded: before ?? { channels, size: { height, width } },
    several: config.task.use === severalTask,
  };
}

function named(name: string, { imageShape }: Partial<PredictedImages>): PredictedImages['normalization'] {
  const found = namedNormalizations[name];
  if (found === undefined) {
    throw new LimbeckError('USAGE', `there is no normalisation '${name}'`, {
      hint: `there are: ${Object.keys(namedNormalizations).join(', ')}`,
    });
  }
  if (imageShape === undefined || imageShape[0] === found.mean.length) return found;
  throw new LimbeckError(
    'USAGE',
    `normalisation '${name}' has ${found.mean.length} channels, the model ${imageShape[0]}`,
  );
}

async function readNames(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new LimbeckError('NOT_FOUND', `cannot read ${file}: ${cause.message}`, { cause });
  });
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}
