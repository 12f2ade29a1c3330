import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import util from 'node:util';
import { LimbeckError } from '@limbeck/core';
import { messageOf } from '../message-of.js';
import { packageNames, packagePlaces, type TfjsPackage } from '../setup/home.js';

/** A tensor of tfjs, as far as it is used here. */
export interface TfTensor {
  dataSync(): Float32Array | Int32Array | Uint8Array;
  dispose(): void;
}

/** One signature of a loaded SavedModel. */
export interface TfSavedModel {
  predict(inputs: Record<string, TfTensor>): Record<string, TfTensor>;
  dispose(): void;
}

/** What is used of tfjs-node. Its own types are not needed to build this package, which is built where it is absent. */
export interface Tfjs {
  readonly version: Readonly<Record<string, string>>;
  readonly node: {
    loadSavedModel(folder: string, tags: string[], signature: string): Promise<TfSavedModel>;
    getNumOfSavedModels(): number;
  };
  tensor(data: Float32Array | Int32Array | Uint8Array, shape: readonly number[], dtype: string): TfTensor;
  memory(): { readonly numTensors: number };
  backend(): unknown;
}

/** tfjs-node with its native library, loaded. */
export interface Runtime {
  readonly tf: Tfjs;
  /** Which of the two packages it is. */
  readonly package: TfjsPackage;
  /** True where its device is a GPU. */
  readonly gpu: boolean;
}

/** The command that makes the runtime available. */
export const installCommand = 'limbeck backend install tfjs';

/** What to do where there is no runtime, or one that does not load. */
export const remedy = `${installCommand}, or npm install @tensorflow/tfjs-node`;

/** A package that is installed. */
export interface FoundPackage {
  readonly name: TfjsPackage;
  /** The file to load. */
  readonly file: string;
  readonly require: NodeJS.Require;
}

/**
 * Finds tfjs-node-gpu or tfjs-node without loading it.
 *
 * @throws LimbeckError BACKEND_UNAVAILABLE where neither is installed
 */
export function findPackage(): FoundPackage {
  for (const name of packageNames) {
    for (const place of packagePlaces()) {
      const require = createRequire(place);
      try {
        return { name, require, file: require.resolve(name) };
      } catch {
        // not there: the next place
      }
    }
  }
  throw new LimbeckError('BACKEND_UNAVAILABLE', `${packageNames.join(' and ')} are not installed`, {
    hint: remedy,
  });
}

/** Messages of the runtime itself, such as what the processor can do: errors only. */
function quietLogs(): void {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
}

/** tfjs-node calls a function that Node 23 removed. */
function restoreRemovedFunction(): void {
  const target = util as unknown as Record<string, unknown>;
  target.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
}

const threadVariables = ['TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS'] as const;

/**
 * Fixes the number of threads. The library makes its pools once a process, when it is loaded.
 *
 * @throws LimbeckError BACKEND_UNSUPPORTED where it was loaded with another number
 */
function fixThreads(threads: number, loaded: boolean): void {
  if (!loaded) for (const name of threadVariables) process.env[name] = String(threads);
  const fixed = process.env[threadVariables[0]] ?? String(availableParallelism());
  if (fixed === String(threads)) return;
  throw new LimbeckError(
    'BACKEND_UNSUPPORTED',
    `TensorFlow runs with ${fixed} thread(s) in this process and cannot change to ${threads}`,
    { hint: 'ask for the same number of threads everywhere' },
  );
}

/**
 * Loads tfjs-node-gpu or tfjs-node. What it is told by the environment (threads, logs) reaches it from a worker thread
 * only where the worker shares the process's environment.
 *
 * @param threads default: what the process has loaded it with, else the machine's cores
 * @throws LimbeckError BACKEND_UNAVAILABLE where neither is installed or its native library cannot be loaded,
 * BACKEND_UNSUPPORTED for another number of threads than before
 */
export function loadRuntime(threads?: number): Runtime {
  const { name, file, require } = findPackage();
  if (threads !== undefined) fixThreads(threads, require.cache[file] !== undefined);
  quietLogs();
  restoreRemovedFunction();
  try {
    const tf = require(name) as Tfjs;
    const { isGPUPackage, isUsingGpuDevice } = tf.backend() as Readonly<Record<string, unknown>>;
    // without a GPU that TensorFlow can use, the CUDA build computes on the CPU
    return { tf, package: name, gpu: isGPUPackage === true && isUsingGpuDevice === true };
  } catch (cause) {
    throw new LimbeckError('BACKEND_UNAVAILABLE', `${name} cannot be loaded: ${messageOf(cause)}`, {
      hint: remedy,
      cause,
    });
  }
}
