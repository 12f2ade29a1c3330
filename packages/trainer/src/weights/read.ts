import { openWeights, toStateDict, type WeightsFile } from '@limbeck/formats';
import { readBytes } from '../files/read-bytes.js';
import type { Weights } from '../run/weights.js';
import { type Rename, renameAll } from './rename.js';

/** How a file of weights is read. */
export interface ReadWeightsOptions {
  /** Other names for the tensors. */
  readonly rename?: Rename | undefined;
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
  return weightsFrom(readWeightsBytes(path), path, options);
}

/** The same for bytes that are in memory. */
export function weightsFrom(
  bytes: Uint8Array,
  source: string,
  { rename = [] }: ReadWeightsOptions = {},
): Weights {
  const { tensors, metadata } = openWeights(bytes, { source });
  return { source, tensors: toStateDict(renameAll(tensors, rename, source), source), metadata };
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
  const { entry } = options;
  return openWeights(readWeightsBytes(path), { source: path, entry });
}

const readWeightsBytes = (path: string): Uint8Array =>
  readBytes(path, 'weights file', `name a file of weights: ${weightsExtensions.join(', ')} or .onnx`);
