import { LimbeckError } from '@limbeck/core';
import {
  formatOf,
  openWeights,
  toStateDict,
  type WeightsFile,
  type WeightsFormat,
  weightsEntries,
} from '@limbeck/formats';
import { besideOf, readBytes } from '../files/read-bytes.js';
import { averagesDeployed, isTrainingState, studentPart, withAverages } from '../run/training-state.js';
import type { Weights } from '../run/weights.js';
import { type Rename, renameAll } from './rename.js';

/** How a file of weights is read. */
export interface ReadWeightsOptions {
  /** Other names for the tensors. */
  readonly rename?: Rename | undefined;
  /** The part that is meant where the file holds several. */
  readonly entry?: string | undefined;
  /** Regular expressions: other tensors are left out. */
  readonly only?: readonly string[] | undefined;
  /** Regular expressions: these tensors are left out. */
  readonly drop?: readonly string[] | undefined;
  readonly strict?: boolean | undefined;
  readonly head?: 'load' | 'new' | undefined;
  /** Reads files beside this one, which indices of shards name. */
  readonly beside?: ((name: string) => Uint8Array) | undefined;
}

/** Names of files of weights alone (`model_best.pth.tar` among them); `.onnx` holds weights and a model. */
export const weightsExtensions: readonly string[] = [
  '.safetensors',
  '.pth',
  '.pt',
  '.tar',
  '.bin',
  '.ckpt',
  '.npz',
];

/**
 * Reads a file of weights: safetensors, a checkpoint of PyTorch, npz, or the initialisers of an ONNX model. No file is
 * trusted, and none runs code.
 *
 * @throws LimbeckError NOT_FOUND, BAD_FILE; WEIGHTS_MISMATCH where `rename` makes two names one
 */
export function readWeightsFile(path: string, options: ReadWeightsOptions = {}): Weights {
  return weightsFrom(readWeightsBytes(path), path, { beside: besideOf(path), ...options });
}

/** The same for bytes that are in memory. */
export function weightsFrom(
  bytes: Uint8Array,
  source: string,
  { entry: wanted, beside, ...how }: ReadWeightsOptions = {},
): Weights {
  const { tensors, metadata, entry, unread } = openWeights(bytes, { source, entry: wanted, beside });
  const taken = takenFrom(ownPart(tensors, metadata), source, how);
  return {
    source,
    tensors: toStateDict(taken, source),
    metadata,
    entry,
    unread,
    strict: how.strict,
    head: how.head,
  };
}

/** Of a checkpoint of a run the student, as it is deployed; everything of other files. */
function ownPart<T>(tensors: ReadonlyMap<string, T>, metadata: Weights['metadata']): ReadonlyMap<string, T> {
  if (!isTrainingState(tensors)) return tensors;
  return studentPart(metadata?.[averagesDeployed] === 'true' ? withAverages(tensors) : tensors);
}

/** What is to be taken of weights that are read. */
export type TakenWeights = Pick<ReadWeightsOptions, 'rename' | 'only' | 'drop' | 'strict' | 'head'>;

/**
 * Of weights that are read, what a choice takes, under the names it gives them.
 *
 * @throws LimbeckError WEIGHTS_MISMATCH where nothing is left, or where `rename` makes two names one
 */
export function takenOf(weights: Weights, how: TakenWeights): Weights {
  const { strict = weights.strict, head = weights.head } = how;
  return { ...weights, tensors: takenFrom(weights.tensors, weights.source, how), strict, head };
}

function takenFrom<T>(
  given: ReadonlyMap<string, T>,
  source: string,
  { rename = [], only, drop = [] }: TakenWeights,
): Map<string, T> {
  const fits = (patterns: readonly string[]) => {
    const tests = patterns.map((pattern) => new RegExp(pattern));
    return (name: string) => tests.some((test) => test.test(name));
  };
  const [isDropped, isMeant] = [fits(drop), only === undefined ? () => true : fits(only)];
  const meant = new Map([...given].filter(([name]) => isMeant(name) && !isDropped(name)));
  if (meant.size === 0) {
    throw new LimbeckError('WEIGHTS_MISMATCH', `${source}: \`only\` and \`drop\` leave no tensor`, {
      hint: 'limbeck inspect FILE lists the names',
      details: { source },
    });
  }
  return renameAll(meant, rename, source);
}

/**
 * Opens a file of weights with the element types it has.
 *
 * @param options.entry the entry that is wanted where a checkpoint of PyTorch holds several models
 * @throws LimbeckError NOT_FOUND, BAD_FILE
 */
export function openWeightsFile(
  path: string,
  options: { readonly entry?: string | undefined } = {},
): WeightsFile {
  return openWeights(readWeightsBytes(path), { source: path, entry: options.entry, beside: besideOf(path) });
}

/** What a file of weights or a model is, by its bytes, and the parts it holds that `entry` may name. */
export function weightsFileParts(path: string): { format: WeightsFormat; entries: readonly string[] } {
  const bytes = readWeightsBytes(path);
  return { format: formatOf(bytes, path), entries: weightsEntries(bytes, { source: path }) };
}

const readWeightsBytes = (path: string): Uint8Array =>
  readBytes(path, 'weights file', `name a file of weights: ${weightsExtensions.join(', ')} or .onnx`);
