import { type ImageShape, LimbeckError } from '@limbeck/core';
import type { Fetches, LoadedModel } from '@limbeck/core/backend';
import { type TensorData, tensorData } from '@limbeck/graph';
import type { ForeignInput } from '../../run/foreign-model.js';
import type { ImageConversion } from './images.js';

/** Images in the trial of a model that takes any number of them: more than one, so that the batch is told from other axes. */
const trialBatch = 4;
/** How much what an image gives may depend on the images beside it: sums are taken in another order. */
const batchTolerance = 1e-4;

/** What a model gave for the images of a trial. */
export interface Trial {
  /** Images a call. */
  readonly batch: number;
  /** Undefined where it takes any number; 1 where it turns out to take one at a time. */
  readonly share: number | undefined;
  readonly given: Fetches;
}

interface Subject {
  readonly loaded: LoadedModel;
  readonly input: ForeignInput;
  readonly convert: ImageConversion;
  readonly imageShape: ImageShape;
  readonly source: string;
  readonly tensors: readonly string[];
}

/**
 * Lets a model look at some images, at the same again, and at one of them beside others. A file that takes any number of
 * images and gives one row for all of them was made from a batch of one: it is asked image by image.
 *
 * @throws LimbeckError PRECONDITION where it cannot look at them, or where what it gives is not theirs alone
 */
export async function tryOut(subject: Subject): Promise<Trial> {
  const { input } = subject;
  const whole = await attempt(subject, input.batch ?? trialBatch, 0);
  const isOne =
    input.batch === undefined && (whole instanceof Error || isSpecialised(whole, subject.tensors));
  const alone = isOne ? await attempt(subject, 1, 0) : undefined;
  const given = alone === undefined || alone instanceof Error ? whole : alone;
  if (given instanceof Error) {
    throw new LimbeckError(
      'PRECONDITION',
      `${subject.source} cannot look at images of the data: ${given.message}`,
      { hint: 'do teacher.input.layout and teacher.input.size say what it takes?', cause: given },
    );
  }
  const share = given === alone ? 1 : input.batch;
  const batch = share ?? trialBatch;
  await compare(subject, batch, given);
  return { batch, share, given };
}

/** Whether every tensor has one row, however many images there were. */
const isSpecialised = (given: Fetches, tensors: readonly string[]): boolean =>
  tensors.every((name) => given[name]?.shape[0] === 1);

/** @param others which images stand beside the first */
async function attempt(
  { loaded, input, convert, imageShape }: Subject,
  batch: number,
  others: number,
): Promise<Fetches | Error> {
  try {
    const given = await loaded.run({ [input.name]: convert(pictures(batch, imageShape, others)) });
    return Object.fromEntries(
      Object.entries(given).map(([name, value]) => [
        name,
        { ...value, data: value.data.slice() } as TensorData,
      ]),
    );
  } catch (error) {
    return error as Error;
  }
}

/** A grey image, and others with a pattern each, as a data set normalises them. */
function pictures(batch: number, imageShape: ImageShape, others: number): TensorData {
  const images = tensorData('float32', [batch, ...imageShape]);
  const values = images.data as Float32Array;
  const size = values.length / batch;
  for (let image = 1; image < batch; image++) {
    const phase = 1.7 * (image + batch * others);
    for (let i = 0; i < size; i++)
      values[image * size + i] = 2 * Math.sin(phase + 0.37 * image * i + i * i * 0.013);
  }
  return images;
}

async function compare(subject: Subject, batch: number, given: Fetches): Promise<void> {
  const { source, tensors } = subject;
  const again = await attempt(subject, batch, 0);
  const other = batch === 1 ? undefined : await attempt(subject, batch, 1);
  for (const name of tensors) {
    const first = given[name]?.data;
    const second = again instanceof Error ? undefined : again[name]?.data;
    if (first === undefined || second === undefined) continue;
    if (first.some((value, i) => !Object.is(value, second[i]))) {
      throw new LimbeckError(
        'PRECONDITION',
        `${source} gives other values of '${name}' each time it looks at the same images`,
        {
          hint: 'export the model for inference: call model.eval() first',
          details: { source, tensor: name },
        },
      );
    }
    const beside = other === undefined || other instanceof Error ? undefined : other[name]?.data;
    if (beside === undefined) continue;
    const size = first.length / batch;
    const [alone, among] = [first.slice(0, size), beside.slice(0, size)] as [Float32Array, Float32Array];
    const largest = alone.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const difference = alone.reduce((most, value, i) => Math.max(most, Math.abs(value - among[i]!)), 0);
    if (difference <= batchTolerance * largest) continue;
    throw new LimbeckError(
      'PRECONDITION',
      `${source} gives an image other values of '${name}' beside other images: ${(difference / largest).toPrecision(2)} of the largest`,
      {
        hint: 'a batch norm in training mode does so: export the model for inference, after model.eval()',
        details: { source, tensor: name, difference, largest },
      },
    );
  }
}
