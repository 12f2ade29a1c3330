import { LimbeckError } from '@limbeck/core';
import {
  type CompileOptions,
  checkFeeds,
  type Device,
  type Executable,
  serialExecutable,
} from '@limbeck/core/backend';
import { encodeOnnx } from '@limbeck/formats';
import { checkState, type Program, signatureOf, verify } from '@limbeck/graph';
import { findChannelBlock } from './channel-block.js';
import { LoadedOnnxProgram, names } from './loaded-program.js';
import { kernelsOf } from './lowering/device-kernels.js';
import { lower, prepare } from './lowering/lower.js';
import { newestOpset } from './lowering/opset.js';
import { Profile } from './profile.js';
import { quantize } from './quantization/quantize.js';
import { loadRuntime } from './runtime.js';
import { openSession } from './session.js';

export function unsupported(name: string, precision: string, hint: string): LimbeckError {
  return new LimbeckError('BACKEND_UNSUPPORTED', `the ONNX backend cannot run '${name}' in ${precision}`, {
    hint,
  });
}

/** Refuses precisions this backend does not compute a program in. */
function checkPrecision(
  { name, state }: Program,
  { precision = 'float32', device = 'cpu', calibration }: CompileOptions,
): void {
  if (precision === 'float32') return;
  if (precision !== 'int8') throw unsupported(name, precision, "use precision 'float32' or 'int8'");
  if (device !== 'cpu') throw unsupported(name, `int8 on ${device}`, "use the device 'cpu'");
  if (state.length > 0) {
    const hint = 'only frozen programs are quantised: bind its state as constants (bindState)';
    throw unsupported(name, 'int8 with state', hint);
  }
  if (calibration !== undefined) return;
  throw new LimbeckError('PRECONDITION', `'${name}' in int8 needs batches to calibrate it with`, {
    hint: 'give `calibration.batches`: a few hundred training images',
  });
}

/**
 * Compiles a program.
 *
 * @param lowered the device whose kernels the model is written for. Default: the one it runs on. The CPU runs all of them,
 * which is how models for devices that are not here are tried.
 */
export async function compile(
  program: Program,
  options: CompileOptions = {},
  lowered: Device = options.device ?? 'cpu',
): Promise<Executable> {
  const started = performance.now();
  const { device = 'cpu', threads, state } = options;
  checkPrecision(program, options);
  verify(program);
  const signature = signatureOf(program);
  if (state !== undefined) checkState(signature, state);
  const runtime = await loadRuntime();
  const portable = lowered !== 'cpu';
  const channelBlock = portable ? 0 : await findChannelBlock(runtime);
  const kernels = kernelsOf[lowered];
  const target = { portable, kernels, channelBlock, opset: newestOpset };
  let model = lower(prepare(program, target), { target, names });
  if (options.precision === 'int8') {
    model = await quantize(model, {
      runtime,
      session: { name: program.name, device, threads },
      calibration: options.calibration!,
      check: (feeds) => checkFeeds(program.name, signature.inputs, feeds),
      inputName: names.input,
    });
  }
  const bytes = encodeOnnx(model);
  const profile = options.profile === true ? await Profile.create() : undefined;
  try {
    const session = await openSession(runtime, bytes, {
      name: program.name,
      device,
      threads,
      // a training step keeps every activation for its gradient, so here the memory counts
      planMemory: program.state.length === 0,
      profilePrefix: profile?.prefix,
    });
    const loaded = new LoadedOnnxProgram(program, { runtime, session, profile });
    if (state !== undefined) loaded.writeState(state);
    return serialExecutable(loaded, (performance.now() - started) / 1000);
  } catch (error) {
    await profile?.discard();
    throw error;
  }
}
