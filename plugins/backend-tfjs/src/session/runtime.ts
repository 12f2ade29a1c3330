import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import util from 'node:util';
import { LimbeckError } from '@limbeck/core';
import { packageNames, type TfjsPackage, tfjsHome } from '../setup/home.js';

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
  readonly version: string;
  /** Version of libtensorflow, where the binding says. */
  readonly tensorflow: string;
  /** True where its device is a GPU. */
  readonly gpu: boolean;
}

/** The command that makes the runtime available. */
export const remedy = 'npm run setup:tfjs, or npm install @tensorflow/tfjs-node';

/** Where packages are looked for: the user's project, this package's surroundings, what `setup:tfjs` built. */
const places = (): readonly string[] => [
  path.join(process.cwd(), 'package.json'),
  import.meta.filename ?? import.meta.url,
  path.join(tfjsHome(), 'package.json'),
];

/** The file to load and its package, the GPU build first. */
function findPackage(): { readonly name: TfjsPackage; readonly require: NodeJS.Require } | undefined {
  for (const name of packageNames) {
    for (const place of places()) {
      const require = createRequire(place);
      try {
        require.resolve(name);
        return { name, require };
      } catch {
        // not there: the next place
      }
    }
  }
  return undefined;
}

interface NativeBackend {
  readonly isGPUPackage?: boolean;
  readonly binding?: { readonly TF_Version?: string };
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

/** Threads of the process, decided once: the library makes its pools when its first session starts. */
let threadsOfProcess: number | undefined;

/**
 * Fixes the number of threads. The library has one pool a process, so that all programs of a process must agree.
 *
 * @throws LimbeckError BACKEND_UNSUPPORTED where an earlier program decided otherwise
 */
export function useThreads(threads: number): void {
  threadsOfProcess ??= threads;
  if (threadsOfProcess === threads) {
    process.env.TF_NUM_INTRAOP_THREADS = String(threads);
    return;
  }
  throw new LimbeckError(
    'BACKEND_UNSUPPORTED',
    `the tfjs backend runs with ${threadsOfProcess} thread(s) in this process and cannot change to ${threads}`,
    { hint: 'ask for the same number of threads everywhere' },
  );
}

/**
 * Loads tfjs-node-gpu or tfjs-node.
 *
 * @throws LimbeckError BACKEND_UNAVAILABLE where neither is installed or its native library cannot be loaded
 */
export function loadRuntime(): Runtime {
  const found = findPackage();
  if (found === undefined) {
    throw new LimbeckError('BACKEND_UNAVAILABLE', `${packageNames.join(' and ')} are not installed`, {
      hint: remedy,
    });
  }
  quietLogs();
  restoreRemovedFunction();
  try {
    const tf = found.require(found.name) as Tfjs;
    const manifest = manifestOf(found.require.resolve(found.name));
    const native = tf.backend() as NativeBackend;
    return {
      tf,
      package: found.name,
      version: manifest.version,
      tensorflow: native.binding?.TF_Version ?? 'unknown',
      gpu: native.isGPUPackage ?? false,
    };
  } catch (cause) {
    throw new LimbeckError('BACKEND_UNAVAILABLE', `${found.name} cannot be loaded: ${messageOf(cause)}`, {
      hint: remedy,
      cause,
    });
  }
}

/** The package.json above a file. */
function manifestOf(file: string): { readonly version: string } {
  let folder = path.dirname(file);
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder);
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string };
}

/** The first line of what went wrong. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).trim().split('\n')[0]!;
