import { onnxBackend } from '@limbeck/backend-onnx';
import { tfjsBackend, tfjsKernelsBackend } from '@limbeck/backend-tfjs';
import type { ComputeBackend, Device } from '@limbeck/core';
import { type ConformanceTarget, isRequired } from '@limbeck/testkit';

/** A backend on one of its devices. */
export interface Target {
  readonly name: ConformanceTarget;
  /** Compiles for the device, whatever is asked for. */
  readonly backend: ComputeBackend;
  /** Why it cannot run here; a target that is required is never missing. */
  readonly missing?: string;
}

const on = (backend: ComputeBackend, device: Device): ComputeBackend => ({
  ...backend,
  compile: (program, options) => backend.compile(program, { ...options, device }),
});

async function target(name: ConformanceTarget, backend: ComputeBackend, device?: Device): Promise<Target> {
  const bound = device === undefined ? backend : on(backend, device);
  if (isRequired(name)) return { name, backend: bound };
  const found = await backend.capabilities();
  if (!found.available) return { name, backend: bound, missing: found.reason };
  if (device === undefined || found.devices.includes(device)) return { name, backend: bound };
  return { name, backend: bound, missing: found.unavailable?.[device] ?? `no device '${device}'` };
}

/** What whole steps of training are tried on, besides the reference. */
export const findTargets = (): Promise<Target[]> =>
  Promise.all([
    target('onnx-cpu', onnxBackend, 'cpu'),
    target('tfjs-session', tfjsBackend),
    target('tfjs-cpu', tfjsKernelsBackend, 'cpu'),
    target('tfjs-wasm', tfjsKernelsBackend, 'wasm'),
    target('tfjs-webgpu', tfjsKernelsBackend, 'webgpu'),
  ]);
