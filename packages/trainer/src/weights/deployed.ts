import type { RunDataset } from '@limbeck/data';
import type { Program, StateDict } from '@limbeck/graph';
import { formatShape } from '@limbeck/graph';
import { stateFor } from '../programs/state.js';
import { studentPrefix } from '../programs/trace-step.js';
import type { Weights } from '../run/weights.js';
import { loadWeights, type WeightsTarget } from './load.js';

/**
 * The names a deployed program's state has in a file: the published ones where all of it is the student's, and the full
 * ones where projectors or the teacher's classifier are deployed with it.
 */
function fileNames(deployed: Program): Map<string, string> {
  const prefix = `${studentPrefix}.`;
  const isPlain = deployed.state.every(({ name }) => name.startsWith(prefix));
  return new Map(deployed.state.map(({ name }) => [name, isPlain ? name.slice(prefix.length) : name]));
}

/** What is written of a training state: the weights a deployed program needs, under the names of files. */
export function deployedWeights(deployed: Program, state: StateDict): StateDict {
  const names = fileNames(deployed);
  return new Map([...stateFor(deployed, state)].map(([name, value]) => [names.get(name)!, value]));
}

/**
 * The way back: a deployed program's state from a file of weights.
 *
 * @throws LimbeckError WEIGHTS_MISMATCH
 */
export function loadDeployed(deployed: Program, weights: Weights, target: WeightsTarget): StateDict {
  const names = fileNames(deployed);
  const variables = deployed.state.map(({ name, current }) => ({
    name: names.get(name)!,
    stateName: name,
    tensor: current,
  }));
  return loadWeights(variables, weights, target);
}

/** What turns pictures into predictions, besides the weights. */
export interface PictureFacts {
  readonly classNames: readonly string[];
  /** Channels that pictures are decoded to, and the size they are brought to first, where the data have one. */
  readonly decoded: {
    readonly channels: number;
    readonly size?: { readonly height: number; readonly width: number } | undefined;
  };
  /** Changes to images that are evaluated, as a configuration names them. */
  readonly evaluation: readonly ({ readonly use: string } & Readonly<Record<string, unknown>>)[];
  /** Id of the task it has learnt, which says what its logits are. */
  readonly task: string;
}

/** What turns the pictures of a data set into what a model sees, for a task of this id. */
export function picturesOf(
  { classNames, imageShape, before, evaluation = [] }: RunDataset,
  task: string,
): PictureFacts {
  const [channels, height, width] = imageShape;
  return {
    classNames,
    decoded: before ?? { channels, size: { height, width } },
    evaluation: evaluation.map((change) => ({
      ...(change.options as object | undefined),
      use: change.contribution.id,
    })),
    task,
  };
}

/** What a file of weights says about itself, all text. */
export interface WeightsFacts {
  readonly backbone: string;
  /** The backbone's checked options; what JSON can say of them is written. Undefined where it has none. */
  readonly options: unknown;
  readonly classes: number;
  /** [C, H, W]. */
  readonly imageShape: readonly [number, number, number];
  /** Of pixels scaled to [0, 1], per channel. */
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** How pictures become what the model sees, and what its classes are called; absent where pixels come as they are. */
  readonly pictures?: PictureFacts | undefined;
  /** Epochs it was trained for; undefined where nobody knows, like the two that follow. */
  readonly epoch?: number | undefined;
  readonly metrics?: Readonly<Record<string, number>> | undefined;
  /** The split they were measured on. */
  readonly split?: string | undefined;
  /** As SPDX names it; undefined where nobody said. */
  readonly license?: string | undefined;
  /** Version of the project that wrote it. */
  readonly version: string;
}

/** Facts as the text entries of a safetensors header; what is undefined is left out. */
export function describeWeights(facts: WeightsFacts): Record<string, string> {
  const json = (value: unknown): string | undefined => JSON.stringify(value);
  const entries = {
    format: 'pt',
    'limbeck.version': facts.version,
    'limbeck.backbone': facts.backbone,
    'limbeck.options': json(facts.options),
    'limbeck.classes': String(facts.classes),
    'limbeck.imageShape': formatShape(facts.imageShape),
    'limbeck.normalization': json(facts.normalization),
    'limbeck.pictures': json(facts.pictures),
    'limbeck.license': facts.license,
    'limbeck.epoch': json(facts.epoch),
    'limbeck.split': facts.split,
    'limbeck.metrics': json(facts.metrics),
  };
  return Object.fromEntries(
    Object.entries(entries).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
}
