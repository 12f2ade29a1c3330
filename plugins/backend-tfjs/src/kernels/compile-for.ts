import { type CompileOptions, type Executable, serialExecutable } from '@limbeck/core/backend';
import type { Program } from '@limbeck/graph';
import type { KernelsRuntime } from './device.js';
import { KernelsProgram } from './kernels-program.js';
import { lower } from './lowering/lower.js';

/** A program on a device that is ready. */
export function compileFor(
  program: Program,
  runtime: KernelsRuntime,
  { state, profile }: Pick<CompileOptions, 'state' | 'profile'>,
  started = performance.now(),
): Executable {
  const plan = lower(program, runtime.target);
  const loaded = new KernelsProgram(program, { runtime, plan, state, profile });
  return serialExecutable(loaded, (performance.now() - started) / 1000);
}
