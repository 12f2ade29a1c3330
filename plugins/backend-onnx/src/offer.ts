import { isLimbeckError } from '@limbeck/core';
import type { Device, Offer, OfferRequest } from '@limbeck/core/backend';
import { loadRuntime, messageOf } from './runtime.js';
import { faultsOf } from './try-devices.js';

/**
 * Order of preference. On the CPU a session of TensorFlow trains faster, and onnxruntime runs a frozen model faster, as
 * measured with `npm run bench`. WebGPU is for those who ask for it: every step carries the state there and back.
 */
const ranks: Readonly<Partial<Record<Device, Readonly<Record<OfferRequest['role'], number>>>>> = {
  cuda: { training: 30, inference: 15 },
  cpu: { training: 40, inference: 30 },
};

/** Where onnxruntime would run a program. */
export async function offer({ precision, role, device }: OfferRequest): Promise<Offer> {
  if (precision === 'bfloat16') return { available: false, reason: 'no bfloat16' };
  try {
    await loadRuntime();
  } catch (error) {
    const remedy = isLimbeckError(error) ? error.hint : undefined;
    return { available: false, reason: messageOf(error), remedy };
  }
  if (precision === 'int8') {
    if (device !== undefined && device !== 'cpu') return { available: false, reason: `no int8 on ${device}` };
    return { available: true, device: 'cpu', rank: ranks.cpu![role] };
  }
  const wanted = device === undefined ? (['cuda', 'cpu'] as const) : [device];
  const faults = await faultsOf(wanted.filter((candidate) => candidate !== 'cpu'));
  const best = wanted.find((candidate) => !(candidate in faults));
  if (best === undefined) return { available: false, reason: messageOf(Object.values(faults)[0]) };
  return { available: true, device: best, rank: (ranks[best] ?? ranks.cpu)![role] };
}
