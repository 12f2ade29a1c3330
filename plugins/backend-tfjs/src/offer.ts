import type { Offer, OfferRequest } from '@limbeck/core/backend';
import { bfloat16Fault } from './session/bfloat16.js';
import { findSession } from './session/find-session.js';
import { sessionFault } from './session/try-session.js';

/**
 * Order of preference. On the CPU the session trains faster than onnxruntime and is slower at running a frozen model, as
 * measured with `npm run bench`.
 */
const ranks = {
  cuda: { training: 10, inference: 10 },
  cpu: { training: 20, inference: 40 },
} as const;

/** Where the session would run a program. */
export async function offer({ precision, role, device }: OfferRequest): Promise<Offer> {
  if (precision === 'int8') return { available: false, reason: 'no int8' };
  const session = await findSession();
  if (!session.available) return session;
  const own = session.gpu ? 'cuda' : 'cpu';
  if (device !== undefined && device !== own) return { available: false, reason: `runs on ${own} here` };
  const fault = precision === 'bfloat16' ? await bfloat16Fault(session) : undefined;
  if (fault !== undefined) return { available: false, reason: `no bfloat16: ${fault}` };
  // a CPU is what the tests run on; what a graphics processor and its driver do shows here alone
  const gpuFault = session.gpu ? await sessionFault(session, precision) : undefined;
  if (gpuFault !== undefined) return { available: false, reason: gpuFault };
  return { available: true, device: own, rank: ranks[own][role] };
}
