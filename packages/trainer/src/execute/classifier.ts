import { LimbeckError } from '@limbeck/core';
import type { Executable, Fetches, Lent, LoadedModel } from '@limbeck/core/backend';
import { formatShape, type Shape, type TensorData } from '@limbeck/graph';

/** What a classifier makes of a batch of images. */
export interface Answer {
  /** Row-major [N, classes]. */
  readonly logits: TensorData;
  /** Features by output, where it gives some: row-major [N, ...]. */
  readonly [output: string]: TensorData;
}

/** Anything that turns images into logits. */
export interface Classifier {
  /** Images a step; undefined where any number will do. */
  readonly batchSize: number | undefined;
  /**
   * Images [N, C, H, W] -> logits, and features of theirs.
   *
   * @throws LimbeckError SHAPE_MISMATCH where it takes other images
   */
  run(images: TensorData): Promise<Lent<Answer>>;
}

/** A compiled program with the input `image` and the output `logits`. */
export function executableClassifier(executable: Executable): Classifier {
  const image = executable.signature.inputs.find(({ name }) => name === 'image');
  return {
    batchSize: image?.shape[0],
    run: async (images) => withLogits(await executable.step({ image: images }), executable.signature.name),
  };
}

/** A model from a file: one input of images, and the output called `logits` or, without such a name, the only one. */
export function loadedClassifier(model: LoadedModel, source: string): Classifier {
  const [image, ...others] = model.inputs;
  if (image === undefined || others.length > 0 || image.shape.length !== 4) {
    const inputs = model.inputs.map(({ name, shape }) => `${name} [${shape.join(', ')}]`);
    throw new LimbeckError(
      'SHAPE_MISMATCH',
      `${source} takes ${inputs.join(', ') || 'nothing'}; a classifier takes one batch of images [N, C, H, W]`,
    );
  }
  const named = model.outputs.find(({ name }) => name === 'logits');
  const output = named ?? (model.outputs.length === 1 ? model.outputs[0] : undefined);
  if (output === undefined) {
    const outputs = model.outputs.map(({ name }) => name);
    throw new LimbeckError('SHAPE_MISMATCH', `${source} gives ${outputs.join(', ')} and no 'logits'`);
  }
  const [batch] = image.shape;
  return {
    batchSize: typeof batch === 'number' ? batch : undefined,
    async run(images) {
      const { [output.name]: logits } = await model.run({ [image.name]: images });
      return withLogits(logits === undefined ? {} : { logits }, source);
    },
  };
}

/** @throws LimbeckError SHAPE_MISMATCH where there are none */
export function withLogits(fetches: Fetches, source: string): Answer {
  const { logits } = fetches;
  if (logits !== undefined) return { ...fetches, logits };
  throw new LimbeckError('SHAPE_MISMATCH', `${source} gave no logits`);
}

/** @throws LimbeckError SHAPE_MISMATCH naming both shapes */
export function checkLogits(logits: TensorData, wanted: Shape): Float32Array {
  const [rows, columns] = logits.shape;
  if (
    logits.dtype === 'float32' &&
    logits.shape.length === 2 &&
    rows === wanted[0] &&
    columns === wanted[1]
  ) {
    return logits.data as Float32Array;
  }
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `the model gives logits ${logits.dtype} ${formatShape(logits.shape)}, the data needs float32 ${formatShape(wanted)}`,
    { hint: 'is the model for another number of classes?' },
  );
}
