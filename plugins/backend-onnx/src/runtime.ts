import { LimbeckError } from '@limbeck/core';

/** onnxruntime-node, which is a native library: loaded when first needed, never by importing this package. */
export type Runtime = typeof import('onnxruntime-node');

/** @throws LimbeckError BACKEND_UNAVAILABLE where the package or its native library cannot be loaded */
export async function loadRuntime(): Promise<Runtime> {
  try {
    const module = (await import('onnxruntime-node')) as Runtime & { default?: Runtime };
    const runtime = module.default ?? module;
    // what fails is thrown as well: the terminal belongs to the program that uses us
    runtime.env.logLevel = 'fatal';
    return runtime;
  } catch (cause) {
    throw new LimbeckError('BACKEND_UNAVAILABLE', `onnxruntime-node cannot be loaded: ${messageOf(cause)}`, {
      hint: 'npm install onnxruntime-node --ignore-scripts, on a platform it has binaries for (Linux, macOS and Windows, x64 and arm64)',
      cause,
    });
  }
}

/** As users know it: `onnxruntime-node 1.30.0`. */
export const runtimeName = async (): Promise<string> =>
  `onnxruntime-node ${(await loadRuntime()).env.versions.node}`;

/** The first line of what went wrong, without the place in the runtime's sources where it noticed. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .trim()
    .split('\n')[0]!
    .replace(/^\S+\.cc:\d+ .* was false\. /, '')
    .replace(/^OrtSessionOptions\w+: /, '');
