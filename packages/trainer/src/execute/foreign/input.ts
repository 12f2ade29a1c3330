import { didYouMean, type ImageShape, LimbeckError } from '@limbeck/core';
import { inputsToGive, type OnnxDimension, type OnnxModel, type OnnxValue } from '@limbeck/formats';
import type { ForeignInput, InputDeclaration, Layout } from '../../run/foreign-model.js';

interface Facts {
  readonly source: string;
  readonly imageShape: ImageShape;
}

/**
 * Finds the input of images and what it takes.
 *
 * @throws LimbeckError PRECONDITION, SHAPE_MISMATCH naming what the file takes, what the data has and what would help
 */
export function findInput(model: OnnxModel, declared: InputDeclaration, facts: Facts): ForeignInput {
  const input = named(model, declared.name, facts.source);
  const { shape, dtype } = input;
  const said = `${facts.source} takes '${input.name}', ${dtype ?? 'of some type'} ${formatDimensions(shape)}`;
  if (dtype !== undefined && dtype !== 'float32') {
    throw new LimbeckError('PRECONDITION', `${said}; a teacher takes images in float32`, {
      hint: 'export the model in float32',
    });
  }
  if (shape !== undefined && shape.length !== 4) {
    throw new LimbeckError('SHAPE_MISMATCH', `${said}; a teacher takes a batch of images, of four axes`);
  }
  const [batch = null, ...rest] = shape ?? [];
  checkChannels(rest, declared, facts, said);
  return {
    name: input.name,
    batch: typeof batch === 'number' ? batch : undefined,
    size: sizeOf(rest, declared, facts, said),
  };
}

function named({ graph }: OnnxModel, wanted: string | undefined, source: string): OnnxValue {
  const inputs = inputsToGive(graph);
  const names = inputs.map(({ name }) => name);
  const found = wanted === undefined ? inputs[0] : inputs.find(({ name }) => name === wanted);
  if (found === undefined) {
    throw new LimbeckError('UNKNOWN_TAP', `${source} has no input '${wanted ?? ''}'`, {
      hint: didYouMean(wanted ?? '', names) ?? `it takes: ${names.join(', ') || 'nothing'}`,
    });
  }
  if (inputs.length > 1) {
    throw new LimbeckError(
      'PRECONDITION',
      `${source} takes ${names.join(', ')}; a teacher takes images alone`,
      {
        hint: 'export the model with the other inputs as constants',
        details: { inputs: names },
      },
    );
  }
  return found;
}

const axesOf: Readonly<Record<Layout, readonly [channels: number, height: number, width: number]>> = {
  NCHW: [0, 1, 2],
  NHWC: [2, 0, 1],
};

/** Channels a model takes of images with so many. */
const modelChannels = (channels: number, wanted: InputDeclaration['channels']): number =>
  wanted === undefined ? channels : wanted === 'grey' ? 1 : 3;

function checkChannels(
  rest: readonly OnnxDimension[],
  { layout, channels: wanted }: InputDeclaration,
  { imageShape }: Facts,
  said: string,
): void {
  const channels = modelChannels(imageShape[0], wanted);
  const at = (one: Layout) => rest[axesOf[one][0]];
  const own = at(layout);
  if (typeof own !== 'number' || own === channels) return;
  const other = layout === 'NCHW' ? 'NHWC' : 'NCHW';
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `${said}, which as ${layout} is images of ${own} channels; those of the data have ${channels}`,
    {
      hint:
        at(other) === channels
          ? `its channels fit as ${other}: set teacher.input.layout`
          : imageShape[0] === 1 && own === 3
            ? 'teacher.input.channels: RGB repeats grey images for each channel'
            : imageShape[0] === 3 && own === 1
              ? 'teacher.input.channels: grey makes grey images of coloured ones'
              : 'is the model for other images?',
      details: { layout, channels: own, data: imageShape },
    },
  );
}

/** Height and width: those of the file, or where it leaves them open those declared. */
function sizeOf(
  rest: readonly OnnxDimension[],
  { layout, size }: InputDeclaration,
  { imageShape }: Facts,
  said: string,
): readonly [number, number] {
  const [, height, width] = axesOf[layout];
  const own = [rest[height] ?? null, rest[width] ?? null] as const;
  const fixed = own.filter((one) => typeof one === 'number');
  if (fixed.length < 2 && size === undefined) {
    throw new LimbeckError('PRECONDITION', `${said}: axes other than the batch are open`, {
      hint: `say which size it shall take: teacher.input.size: [${imageShape[1]}, ${imageShape[2]}]`,
      details: { shape: rest },
    });
  }
  const wanted = size ?? [imageShape[1], imageShape[2]];
  const fits = own.every((one, i) => typeof one !== 'number' || one === wanted[i]);
  if (fits) return [wanted[0], wanted[1]];
  const problem =
    size === undefined ? `images of the data are ${wanted.join('x')}` : `input.size is ${wanted.join('x')}`;
  throw new LimbeckError('SHAPE_MISMATCH', `${said}; ${problem}`, {
    hint: `teacher.input.size: [${own.join(', ')}] scales images to what it takes`,
    details: { size: own },
  });
}

const formatDimensions = (shape: OnnxValue['shape']): string =>
  shape === undefined ? 'of some shape' : `[${shape.map((size) => size ?? '?').join(', ')}]`;
