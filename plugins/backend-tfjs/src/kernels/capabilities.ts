import { isLimbeckError } from '@limbeck/core';
import type { Capabilities, Device, Offer, OfferRequest } from '@limbeck/core/backend';
import { type KernelsDevice, type KernelsRuntime, kernelsDevices } from './device.js';
import type { KernelsRuntimes, KernelsSource } from './runtimes.js';

export const isKernelsDevice = (device: Device): device is KernelsDevice =>
  (kernelsDevices as readonly Device[]).includes(device);

/** A processor that stands in for a graphics processor is slower than the WASM backend on it. */
function byWorth(runtimes: readonly KernelsRuntime[]): KernelsDevice[] {
  const worth = ({ software, target: { device } }: KernelsRuntime) =>
    software ? kernelsDevices.indexOf('wasm') + 0.5 : kernelsDevices.indexOf(device);
  return [...runtimes].sort((a, b) => worth(a) - worth(b)).map(({ target }) => target.device);
}

/** What tfjs can do here, device by device; each is made ready for it. */
export async function findCapabilities(
  runtimes: KernelsRuntimes,
  { remedy }: KernelsSource,
): Promise<Capabilities> {
  const found: KernelsRuntime[] = [];
  const unavailable: Partial<Record<Device, string>> = {};
  const remedies: Partial<Record<Device, string>> = {};
  for (const device of kernelsDevices) {
    try {
      const runtime = await runtimes.get(device);
      const fault = await runtimes.fault(runtime);
      if (fault === undefined) found.push(runtime);
      else unavailable[device] = fault;
    } catch (error) {
      if (!isLimbeckError(error)) throw error;
      unavailable[device] = error.message;
      if (error.hint !== undefined) remedies[device] = error.hint;
    }
  }
  const [first] = found;
  if (first === undefined) {
    const reason = Object.entries(unavailable).map(([device, fault]) => `${device}: ${fault}`);
    return { available: false, reason: reason.join('; '), remedy };
  }
  return {
    available: true,
    runtime: `tfjs ${first.tf.version_core}`,
    devices: byWorth(found),
    precisions: ['float32'],
    loads: [],
    unavailable,
    remedies,
  };
}

/**
 * Order of preference: after the backends whose speed has been measured. WebGPU is for those who ask for it, since real
 * graphics processors have not been tried.
 */
const ranks: Readonly<Record<KernelsDevice, number>> = { webgpu: 60, wasm: 70, cpu: 80 };

/** Where tfjs' kernels would run a program. */
export async function offer(runtimes: KernelsRuntimes, { precision, device }: OfferRequest): Promise<Offer> {
  if (precision !== 'float32') return { available: false, reason: `no ${precision}` };
  if (device !== undefined && !isKernelsDevice(device)) return { available: false, reason: `no ${device}` };
  let refusal: Offer | undefined;
  for (const candidate of device === undefined ? (['wasm', 'cpu'] as const) : [device]) {
    try {
      const runtime = await runtimes.get(candidate);
      // what a graphics processor and its driver do shows here alone; the others are what the tests run on
      const fault = candidate === 'webgpu' ? await runtimes.fault(runtime) : undefined;
      if (fault === undefined) return { available: true, device: candidate, rank: ranks[candidate] };
      refusal ??= { available: false, reason: fault };
    } catch (error) {
      if (!isLimbeckError(error)) throw error;
      const { message, hint } = error;
      refusal ??= { available: false, reason: message, remedy: hint };
    }
  }
  return refusal!;
}
