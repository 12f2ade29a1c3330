import { type Feeds, SampleInputs } from '@limbeck/core';
import {
  createNegativeSampler,
  createTrainLoader,
  type NegativeSampler,
  type TrainLoader,
} from '@limbeck/data';
import { tensorData } from '@limbeck/graph';
import type { StepPlan, StudentPlan } from '../programs/student.js';
import { viewInput } from '../programs/views.js';
import type { RunSpec } from '../run-spec.js';
import { drawsOf } from '../teacher-cache/draws.js';
import type { TeacherBatch } from '../teachers/feature-source.js';

/** What the data give to one step. */
export interface StepBatch extends TeacherBatch {
  readonly labels: Int32Array;
  /** All of it by the names of the program's inputs; a program may have only some of them. */
  readonly feeds: Feeds;
}

/** Draws everything a step needs of the training split; a step of a seed and an epoch is always the same. */
export class BatchSource {
  readonly batchesPerEpoch: number;
  readonly #loader: TrainLoader;
  readonly #views: ReadonlyMap<string, TrainLoader>;
  readonly #sampler: NegativeSampler | undefined;
  readonly #shape: readonly number[];

  constructor({ data, seed, teachers }: RunSpec, plan: StudentPlan) {
    const { dataset, batchSize } = data;
    const { train: split, normalization, imageShape } = dataset;
    const create = ({ contribution, options }: RunSpec['data']['augment'][number]) =>
      contribution.create(options, imageShape);
    const own = data.augment.map(create);
    const draws = drawsOf({ data, teachers });
    const common = {
      ...{ split, normalization, imageShape, batchSize, seed },
      ...(draws === undefined ? {} : { draws }),
    };
    this.#loader = createTrainLoader({ ...common, augment: own });
    this.batchesPerEpoch = this.#loader.batchesPerEpoch;
    this.#shape = [batchSize, ...imageShape];
    const phases = [plan, ...plan.initial];
    const views = new Map(phases.flatMap((phase) => [...phase.views]));
    this.#views = new Map(
      [...views].map(([name, { augment }], i) => {
        const more = augment.map(create);
        return [name, createTrainLoader({ ...common, augment: [...own, ...more], picture: i + 1 })];
      }),
    );
    const contrasts = phases.some(({ negatives }) => negatives.size > 0);
    this.#sampler = contrasts ? createNegativeSampler(split.labels, seed) : undefined;
  }

  /** @param epoch counts from 0 over all phases */
  batch({ views, negatives }: StepPlan, epoch: number, step: number): StepBatch {
    const { images: pixels, labels, indices } = this.#loader.batch(epoch, step);
    const size = labels.length;
    const imagesOf = (data: Float32Array) => tensorData('float32', this.#shape, data);
    const drawn = [...views.keys()].map((name) => {
      const view = this.#views.get(name)!.batch(epoch, step);
      return [viewInput(name, 'image'), imagesOf(view.images)] as const;
    });
    const images = { image: imagesOf(pixels), ...Object.fromEntries(drawn) };
    const contrasted = [...negatives].map(([input, { count, from }]) => {
      const data = this.#sampler!.draw(indices, { epoch, step, count, from });
      return [input, tensorData('int32', [size, count], data)] as const;
    });
    const feeds = {
      ...images,
      labels: tensorData('int32', [size], labels),
      [SampleInputs.indexName]: tensorData('int32', [size], indices),
      ...Object.fromEntries(contrasted),
    };
    return { images, indices, epoch, labels, feeds };
  }
}
