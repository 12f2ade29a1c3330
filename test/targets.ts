import type { ComputeBackend } from '@limbeck/core/backend';
import { boundBackend, targetPlaces } from '@limbeck/golden';
import { type ConformanceTarget, isRequired } from '@limbeck/testkit';

/** A backend on one of its devices. */
export interface Target {
  readonly name: ConformanceTarget;
  /** Compiles for the device, whatever is asked for. */
  readonly backend: ComputeBackend;
  /** Why it cannot run here; a target that is required is never missing. */
  readonly missing?: string;
}

async function target(name: ConformanceTarget): Promise<Target> {
  const { device } = targetPlaces[name];
  const backend = boundBackend(targetPlaces[name]);
  if (isRequired(name)) return { name, backend };
  const found = await backend.capabilities();
  if (!found.available) return { name, backend, missing: found.reason };
  if (device === undefined || found.devices.includes(device)) return { name, backend };
  return { name, backend, missing: found.unavailable?.[device] ?? `no device '${device}'` };
}

const goldenTargets = [
  'onnx-cpu',
  'onnx-webgpu',
  'tfjs-session',
  'tfjs-cpu',
  'tfjs-wasm',
  'tfjs-webgpu',
] as const;

/**
 * What the golden losses and the golden trajectory are tried on. A device that may be a processor in disguise takes minutes, so
 * that it is tried where it is required alone.
 */
export const findGoldenTargets = (): Promise<Target[]> =>
  Promise.all(
    goldenTargets.map((name) => {
      const { backend } = targetPlaces[name];
      return name.endsWith('-webgpu') && !isRequired(name)
        ? {
            name,
            backend,
            missing: 'takes minutes on a software device: only where LIMBECK_REQUIRE asks for it',
          }
        : target(name);
    }),
  );

/** What whole steps of training are tried on, besides the reference. */
export const findTargets = (): Promise<Target[]> =>
  Promise.all((['onnx-cpu', 'tfjs-session', 'tfjs-cpu', 'tfjs-wasm', 'tfjs-webgpu'] as const).map(target));
