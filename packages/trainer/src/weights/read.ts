import { readFileSync } from 'node:fs';
import { LimbeckError } from '@limbeck/core';
import { readSafetensors } from '@limbeck/formats';
import type { StateDict } from '@limbeck/graph';

/** A state dict together with where it came from. */
export interface Weights {
  /** What messages call it: a path, usually. */
  readonly source: string;
  /** By state-dict name, as published: `layer1.0.conv1.weight`. */
  readonly tensors: StateDict;
  /** What the file says about itself; what this project writes is in {@link describeWeights}. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Reads a safetensors file.
 *
 * @throws LimbeckError NOT_FOUND, BAD_FILE
 */
export function readWeightsFile(path: string): Weights {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new LimbeckError('NOT_FOUND', `there is no weights file ${path}`, {
        hint: 'paths are relative to the configuration file, or to the folder the command runs in',
        details: { path },
        cause,
      });
    }
    const what = code === 'EISDIR' ? 'it is a folder' : message;
    throw new LimbeckError('BAD_FILE', `cannot read ${path}: ${what}`, {
      hint: 'name a safetensors file',
      details: { path },
      cause,
    });
  }
  return weightsFrom(bytes, path);
}

/** The same for bytes that are in memory. */
export function weightsFrom(bytes: Uint8Array, source: string): Weights {
  const { tensors, metadata } = readSafetensors(bytes, { source });
  return { source, tensors, metadata };
}
