import { onnxBackend } from '@limbeck/backend-onnx';
import { tfjsBackend, tfjsKernelsBackend } from '@limbeck/backend-tfjs';
import type { ComputeBackend, Device } from '@limbeck/core/backend';
import { type ConformanceTarget, referenceBackend } from '@limbeck/testkit';

/** A backend and, where it has several, the device of it. */
export interface TargetPlace {
  readonly backend: ComputeBackend;
  readonly device?: Device;
}

/** Everything that reference values are compared on. */
export const targetPlaces: Readonly<Record<ConformanceTarget, TargetPlace>> = {
  reference: { backend: referenceBackend },
  'onnx-cpu': { backend: onnxBackend, device: 'cpu' },
  'onnx-webgpu': { backend: onnxBackend, device: 'webgpu' },
  'tfjs-session': { backend: tfjsBackend },
  'tfjs-webgpu': { backend: tfjsKernelsBackend, device: 'webgpu' },
  'tfjs-wasm': { backend: tfjsKernelsBackend, device: 'wasm' },
  'tfjs-cpu': { backend: tfjsKernelsBackend, device: 'cpu' },
};

/** A backend that compiles for the device of its place, whatever is asked for. */
export const boundBackend = ({ backend, device }: TargetPlace): ComputeBackend =>
  device === undefined
    ? backend
    : { ...backend, compile: (program, options) => backend.compile(program, { ...options, device }) };
