import { LimbeckError } from '@limbeck/core';
import type { Fetches, LoadedModel } from '@limbeck/core/backend';
import { type TensorData, tensorData } from '@limbeck/graph';
import type { Placement } from '../../run/choices.js';
import type { RunListener } from '../../run/events.js';
import type { ForeignFeature, ForeignModel } from '../../run/foreign-model.js';
import type { LiveTeacher } from '../live-teacher.js';
import { loadForeign } from './foreign-model.js';
import { type ImageFacts, imageConversion } from './images.js';
import { undoLink } from './probabilities.js';

/** What a model from a file is opened for. */
export interface ForeignUse extends ImageFacts {
  readonly placement: Placement;
  /** Images a step. */
  readonly batchSize: number;
  /** Features it shall give. */
  readonly paths: readonly string[];
  /** What events call it. */
  readonly name: string;
  readonly emit: RunListener;
}

/**
 * Loads a model from a file where it belongs.
 *
 * @throws LimbeckError PRECONDITION where its own number of images a call does not divide the batch
 */
export async function openForeignTeacher(model: ForeignModel, use: ForeignUse): Promise<LiveTeacher> {
  const started = performance.now();
  const { batchSize, paths, name, emit } = use;
  const share = model.input.batch ?? batchSize;
  if (batchSize % share !== 0) {
    throw new LimbeckError(
      'PRECONDITION',
      `${model.source} takes ${share} images a call, which ${batchSize} images a step are no multiple of`,
      { hint: 'choose another data.batchSize, or export the model with a batch of any size' },
    );
  }
  const features = paths.map((path): [string, ForeignFeature] => [path, model.features.get(path)!]);
  const tensors = features.map(([, { tensor }]) => tensor);
  const loaded = await loadForeign(model, use.placement, tensors);
  emit({
    type: 'compiled',
    program: name,
    seconds: (performance.now() - started) / 1000,
    nodes: model.nodes,
  });
  const convert = imageConversion(use, model.declaration.input, model.input.size);
  return {
    batchSize,
    paths: new Set(paths),
    async run(images) {
      const given = await runInShares(loaded, model.input.name, convert(images), share);
      return Object.fromEntries(
        features.map(([path, feature]) => [path, asFeature(given[feature.tensor]!, feature)]),
      );
    },
    dispose: () => loaded.dispose(),
  };
}

/** Some images at a time, where the file takes so many and no more. */
async function runInShares(
  loaded: LoadedModel,
  input: string,
  images: TensorData,
  share: number,
): Promise<Fetches> {
  const count = images.shape[0]!;
  if (share === count) return loaded.run({ [input]: images });
  const size = images.data.length / count;
  const joined: Record<string, TensorData> = {};
  for (let first = 0; first < count; first += share) {
    const data = (images.data as Float32Array).subarray(first * size, (first + share) * size);
    const given = await loaded.run({
      [input]: tensorData('float32', [share, ...images.shape.slice(1)], data),
    });
    for (const [name, { shape, data: values }] of Object.entries(given)) {
      joined[name] ??= tensorData('float32', [count, ...shape.slice(1)]);
      (joined[name].data as Float32Array).set(values as Float32Array, (first / share) * values.length);
    }
  }
  return joined;
}

/** A tensor as distillers see it: maps [N, C, H, W]. */
function asFeature({ data, shape }: TensorData, feature: ForeignFeature): TensorData {
  const count = shape[0]!;
  const values = data as Float32Array;
  const isMap = feature.layout === 'NHWC' && feature.shape.length === 3;
  if (feature.link !== undefined) {
    return tensorData('float32', [count, ...feature.shape], undoLink(values, feature.link));
  }
  return tensorData(
    'float32',
    [count, ...feature.shape],
    isMap ? channelsFirst(values, count, feature) : values,
  );
}

function channelsFirst(values: Float32Array, count: number, { shape }: ForeignFeature): Float32Array {
  const [channels, height, width] = shape as readonly [number, number, number];
  const plane = height * width;
  const result = new Float32Array(values.length);
  for (let image = 0; image < count; image++) {
    const start = image * channels * plane;
    for (let pixel = 0; pixel < plane; pixel++) {
      for (let channel = 0; channel < channels; channel++) {
        result[start + channel * plane + pixel] = values[start + pixel * channels + channel]!;
      }
    }
  }
  return result;
}
