import type { Targets } from '@limbeck/core';
import type { Feeds } from '@limbeck/core/backend';
import { SampleInputs, targetInput } from '@limbeck/core/host';
import {
  createNegativeSampler,
  createTrainLoader,
  type NegativeSampler,
  type TrainLoader,
  trainingImages,
} from '@limbeck/data';
import { tensorData } from '@limbeck/graph';
import { randomFeeds } from '@limbeck/nn';
import type { ImageInput } from '../programs/image-inputs.js';
import type { StepPlan } from '../programs/student.js';
import { viewInput } from '../programs/views.js';
import { drawsOf } from '../run/draws.js';
import type { RunSpec } from '../run/run-spec.js';
import { type BatchMixing, createBatchMixing } from './batch-mixing.js';
import type { TeacherBatch } from './feature-source.js';

/** What the data give to one step. */
export interface StepBatch extends TeacherBatch {
  readonly targets: Targets;
  /** All of it by the names of the program's inputs; a program may have only some of them. */
  readonly feeds: Feeds;
}

/** Draws everything a step needs of the training split; a step of a seed and an epoch is always the same. */
export class BatchSource {
  readonly batchesPerEpoch: number;
  /** By input of the step. */
  readonly #loaders: ReadonlyMap<string, TrainLoader>;
  readonly #sampler: NegativeSampler | undefined;
  /** Changes to whole batches; undefined where there are none. */
  readonly #mixing: BatchMixing | undefined;
  readonly #shape: readonly number[];
  readonly #classes: number;
  readonly #seed: number;

  /**
   * @param imageInputs what steps look at, by input
   * @param steps of every phase
   */
  constructor(
    { data, seed, teachers }: RunSpec,
    imageInputs: ReadonlyMap<string, ImageInput>,
    steps: readonly StepPlan[],
  ) {
    const { dataset, batchSize, sampling } = data;
    const { train: split, imageShape } = dataset;
    const draws = drawsOf({ data, teachers });
    const common = { ...trainingImages(dataset), split, batchSize, seed, sampling, draws };
    this.#loaders = new Map(
      [...imageInputs].map(([input, { augment, number }]) => [
        input,
        createTrainLoader({ ...common, augment, picture: number }),
      ]),
    );
    this.batchesPerEpoch = this.#loaders.get('image')!.batchesPerEpoch;
    this.#mixing = createBatchMixing(data, seed);
    this.#shape = [batchSize, ...imageShape];
    this.#classes = dataset.classes;
    this.#seed = seed;
    const contrasts = steps.some(({ negatives }) => negatives.size > 0);
    this.#sampler = contrasts ? createNegativeSampler(split, seed) : undefined;
  }

  /** @param epoch counts from 0 over all phases */
  async batch({ views, negatives }: StepPlan, epoch: number, step: number): Promise<StepBatch> {
    const { images: pixels, targets: given, indices } = await this.#loaders.get('image')!.batch(epoch, step);
    const size = indices.length;
    const imagesOf = (data: Float32Array) => tensorData('float32', this.#shape, data);
    const drawn = await Promise.all(
      [...views.keys()].map(async (name) => {
        const input = viewInput(name, 'image');
        return [input, (await this.#loaders.get(input)!.batch(epoch, step)).images] as const;
      }),
    );
    const pictures = [pixels, ...drawn.map(([, picture]) => picture)];
    const targets = this.#mixing?.apply(pictures, given, { epoch, step }) ?? given;
    const viewed = drawn.map(([input, picture]) => [input, imagesOf(picture)] as const);
    const images = { image: imagesOf(pixels), ...Object.fromEntries(viewed) };
    const contrasted = [...negatives].map(([input, { count, from }]) => {
      const data = this.#sampler!.draw(indices, { epoch, step, count, from });
      return [input, tensorData('int32', [size, count], data)] as const;
    });
    const feeds = {
      ...images,
      ...feedOf(targets, size, this.#classes),
      [SampleInputs.indexName]: tensorData('int32', [size], indices),
      ...Object.fromEntries(contrasted),
      // every batch of a run drops something else, and the same again after resuming
      ...randomFeeds(this.#seed, epoch * this.batchesPerEpoch + step),
    };
    return { images, indices, epoch, targets, feeds };
  }
}

/** Targets by the name of the input that brings them; nothing where there are none. */
export function feedOf(targets: Targets, samples: number, classes: number): Feeds {
  const input = targetInput(targets.kind, samples, classes);
  if (input === undefined || targets.kind === 'none') return {};
  return { [input.name]: tensorData(input.dtype, input.shape, targets.values) };
}
