import {
  type ComputeBackend,
  type Host,
  LimbeckError,
  type Precision,
  type Placement as WantedPlacement,
} from '@limbeck/core';
import type { Placement } from '@limbeck/trainer';

/**
 * The backend a configuration asks for; `auto` takes the first that works here in the precision wanted.
 *
 * @throws LimbeckError UNKNOWN_ID, BACKEND_UNAVAILABLE
 */
export async function place({ use, ...how }: WantedPlacement, host: Host): Promise<Placement> {
  const backend = use === 'auto' ? await firstThatWorks(host, how.precision) : host.get('backends', use);
  return { backend, ...how };
}

async function firstThatWorks(host: Host, precision: Precision): Promise<ComputeBackend> {
  const backends = host.list('backends').map(({ id }) => host.get('backends', id));
  // asking what a backend can do takes a while, and there is nothing to choose
  if (backends.length === 1) return backends[0]!;
  const refusals: string[] = [];
  for (const backend of backends) {
    const capabilities = await backend.capabilities();
    const offers = capabilities.available && capabilities.precisions.includes(precision);
    if (offers) return backend;
    refusals.push(`${backend.id}: ${capabilities.available ? `no ${precision}` : capabilities.reason}`);
  }
  throw new LimbeckError(
    'BACKEND_UNAVAILABLE',
    `no backend works here: ${refusals.join('; ') || 'there is none'}`,
    {
      hint: "'limbeck doctor' says what would change that",
    },
  );
}
