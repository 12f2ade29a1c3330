import {
  type CompileOptions,
  type ComputeBackend,
  type Executable,
  LimbeckError,
  type LoadedModel,
} from '@limbeck/core';
import { decodeOnnx, encodeOnnx } from '@limbeck/formats';
import { checkState, type Program, verify } from '@limbeck/graph';
import { findCapabilities } from './capabilities.js';
import { findChannelBlock } from './channel-block.js';
import { LoadedOnnxModel } from './loaded-model.js';
import { lower, prepare } from './lowering/lower.js';
import { names, OnnxExecutable } from './onnx-executable.js';
import { Profile } from './profile.js';
import { loadRuntime } from './runtime.js';
import { openSession } from './session.js';

/** Refuses precisions this backend does not compute in. */
function checkPrecision(name: string, { precision = 'float32' }: CompileOptions): void {
  if (precision === 'float32') return;
  throw new LimbeckError('BACKEND_UNSUPPORTED', `the ONNX backend cannot run '${name}' in ${precision}`, {
    hint: "use precision 'float32'",
  });
}

async function compile(program: Program, options: CompileOptions = {}): Promise<Executable> {
  const started = performance.now();
  const { device = 'cpu', threads, state } = options;
  checkPrecision(program.name, options);
  verify(program);
  if (state !== undefined) checkState(program, state);
  const runtime = await loadRuntime();
  const portable = device !== 'cpu';
  const channelBlock = portable ? 0 : await findChannelBlock(runtime);
  const prepared = prepare(program);
  const bytes = encodeOnnx(lower(prepared, { target: { portable, channelBlock }, names }));
  const profile = options.profile === true ? await Profile.create() : undefined;
  try {
    const session = await openSession(runtime, bytes, {
      name: program.name,
      device,
      threads,
      profilePrefix: profile?.prefix,
    });
    const executable = new OnnxExecutable(program, { runtime, session, started, profile });
    if (state !== undefined) await executable.writeState(state);
    return executable;
  } catch (error) {
    await profile?.discard();
    throw error;
  }
}

async function load(bytes: Uint8Array, options: CompileOptions = {}): Promise<LoadedModel> {
  // the runtime is native code: it sees nothing that our own reader has not found sound
  const model = decodeOnnx(bytes);
  const name = model.graph.name;
  checkPrecision(name, options);
  const runtime = await loadRuntime();
  const { device = 'cpu', threads } = options;
  const session = await openSession(runtime, bytes, { name, device, threads });
  return new LoadedOnnxModel(model, runtime, session);
}

/**
 * Programs as ONNX models run by onnxruntime-node: on the CPU by default, on WebGPU or CUDA where the device is asked
 * for and works. Computes in float32.
 */
export const onnxBackend: ComputeBackend = {
  id: 'onnx',
  description: 'ONNX models run by onnxruntime-node on CPU, WebGPU or CUDA',
  capabilities: findCapabilities,
  compile,
  load,
};
