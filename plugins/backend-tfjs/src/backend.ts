import { LimbeckError } from '@limbeck/core';
import {
  type CompileOptions,
  type ComputeBackend,
  type Executable,
  serialExecutable,
} from '@limbeck/core/backend';
import { checkState, type Program, signatureOf, verify } from '@limbeck/graph';
import { findCapabilities, runtimeName } from './capabilities.js';
import { lower, prepare } from './lowering/lower.js';
import type { MapType } from './lowering/map-types.js';
import { offer } from './offer.js';
import { bfloat16Fault } from './session/bfloat16.js';
import { closeSession, openSession } from './session/open-session.js';
import { profileSession } from './session/profile/profile-session.js';
import { loadRuntime, type Runtime } from './session/runtime.js';
import { SessionProgram } from './session/session-program.js';
import { install } from './setup/install.js';

/** What maps are computed in; refuses precisions and devices this backend does not have here. */
async function placementOf(
  name: string,
  { precision = 'float32', device }: CompileOptions,
  runtime: Runtime,
): Promise<MapType> {
  const fault =
    precision === 'int8'
      ? 'the ONNX backend does'
      : precision === 'bfloat16'
        ? await bfloat16Fault(runtime)
        : undefined;
  if (fault !== undefined) {
    throw new LimbeckError(
      'BACKEND_UNSUPPORTED',
      `the tfjs backend does not run '${name}' in ${precision} here: ${fault}`,
      { hint: "use precision 'float32'" },
    );
  }
  const own = runtime.gpu ? 'cuda' : 'cpu';
  if (device === undefined || device === own) return precision as MapType;
  throw new LimbeckError(
    'BACKEND_UNAVAILABLE',
    `the tfjs backend cannot run '${name}' on ${device}: ${runtime.package} runs on ${own} here`,
    { hint: `use the device '${own}', or see \`limbeck doctor\`` },
  );
}

async function compile(program: Program, options: CompileOptions = {}): Promise<Executable> {
  const started = performance.now();
  const { threads, state } = options;
  verify(program);
  if (state !== undefined) checkState(signatureOf(program), state);
  const runtime = loadRuntime(threads);
  const mapType = await placementOf(program.name, options, runtime);
  const model = lower(prepare(program), { mapType, device: runtime.gpu ? 'cuda' : 'cpu' });
  const session = await openSession(runtime, model, program.name);
  try {
    const loaded = new SessionProgram(program, {
      runtime,
      session,
      state,
      profile: options.profile
        ? (what) => profileSession(runtime, { ...what, name: program.name, model })
        : undefined,
    });
    return serialExecutable(loaded, (performance.now() - started) / 1000);
  } catch (error) {
    closeSession(session);
    throw error;
  }
}

/**
 * Programs as TensorFlow graphs, in a session of libtensorflow that tfjs-node-gpu or tfjs-node brings. State stays in
 * the session, on the GPU where there is one. Computes in float32, or maps in bfloat16 with parameters in float32.
 */
export const tfjsBackend: ComputeBackend = {
  id: 'tfjs',
  description: 'TensorFlow graphs run by tfjs-node on CPU or CUDA',
  capabilities: findCapabilities,
  runtime: runtimeName,
  offer,
  install,
  compile,
};
