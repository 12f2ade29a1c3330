import { LimbeckError } from '@limbeck/core';
import type { ComputeBackend, Device, Offer, OfferRequest, Role } from '@limbeck/core/backend';
import type { Host, WantedPlacement } from '@limbeck/core/host';
import type { Placement } from '@limbeck/trainer';

/** What a backend answered when `auto` asked. */
export interface Answer {
  readonly id: string;
  readonly offer: Offer;
}

/** Preferred to none, after every backend that says how good it is. */
const unranked = 1000;

/** What a backend without an offer of its own would say. */
async function offerOf(backend: ComputeBackend, request: OfferRequest): Promise<Offer> {
  if (backend.offer !== undefined) return backend.offer(request);
  const found = await backend.capabilities();
  if (!found.available) return found;
  const { precision, device = found.devices[0] } = request;
  if (device === undefined || !found.devices.includes(device))
    return { available: false, reason: `no device '${device}'` };
  if (!found.precisions.includes(precision)) return { available: false, reason: `no ${precision}` };
  return { available: true, device, rank: unranked };
}

/** Asks every backend, all at once; the preferred one comes first. */
export async function askBackends(host: Host, request: OfferRequest): Promise<Answer[]> {
  const answers = await Promise.all(
    host
      .list('backends')
      .map(
        async ({ id }): Promise<Answer> => ({ id, offer: await offerOf(host.get('backends', id), request) }),
      ),
  );
  const rankOf = ({ offer }: Answer) => (offer.available ? offer.rank : Number.POSITIVE_INFINITY);
  return answers.sort((a, b) => (rankOf(a) < rankOf(b) ? -1 : rankOf(a) > rankOf(b) ? 1 : 0));
}

/**
 * The backend a configuration asks for; `auto` takes the best that works here in the precision wanted.
 *
 * @throws LimbeckError UNKNOWN_ID, BACKEND_UNAVAILABLE
 */
export async function place(wanted: WantedPlacement, host: Host, role: Role): Promise<Placement> {
  const { use, options: given = {}, ...how } = wanted;
  if (use !== 'auto') {
    const { contribution: backend, options } = host.use('backends', { ...given, use }, { path: 'backend' });
    return { ...how, backend, ...(Object.keys(given).length > 0 && { options }) };
  }
  const [key] = Object.keys(given);
  if (key !== undefined) {
    throw new LimbeckError('UNKNOWN_OPTION', `backend.${key}: 'auto' takes no options`, {
      hint: `name the backend that takes '${key}': backend: { use: ... }`,
    });
  }
  const backends = host.list('backends');
  // asking what a backend can do takes a while, and there is nothing to choose
  if (backends.length === 1) return { backend: host.get('backends', backends[0]!.id), ...how };
  const { precision, device } = how;
  const answers = await askBackends(host, { precision, role, device });
  const best = answers[0];
  if (best?.offer.available)
    return { ...how, backend: host.get('backends', best.id), device: best.offer.device };
  throw new LimbeckError(
    'BACKEND_UNAVAILABLE',
    `no backend works here${asked(precision, device)}: ${refusals(answers)}`,
    {
      hint: "'limbeck doctor' says what would change that",
    },
  );
}

/**
 * Where a model file of a foreign format runs: on the backend asked for where that loads such files, else on the best
 * that does.
 *
 * @throws LimbeckError BACKEND_UNSUPPORTED where none does
 */
export async function placeForeign(where: WantedPlacement, host: Host): Promise<Placement> {
  if (where.use !== 'auto' && host.get('backends', where.use).load !== undefined)
    return place(where, host, 'inference');
  const answers = await askBackends(host, { precision: 'float32', role: 'inference' });
  const loader = answers.find(
    ({ id, offer }) => offer.available && host.get('backends', id).load !== undefined,
  );
  if (loader !== undefined)
    return { backend: host.get('backends', loader.id), precision: 'float32', threads: where.threads };
  throw new LimbeckError('BACKEND_UNSUPPORTED', 'no backend that works here runs model files', {
    hint: "'limbeck doctor' says what would change that",
  });
}

const asked = (precision: string, device: Device | undefined): string =>
  `${precision === 'float32' ? '' : ` in ${precision}`}${device === undefined ? '' : ` on ${device}`}`;

const refusals = (answers: readonly Answer[]): string =>
  answers.map(({ id, offer }) => `${id}: ${offer.available ? 'works' : offer.reason}`).join('; ') ||
  'there is none';
