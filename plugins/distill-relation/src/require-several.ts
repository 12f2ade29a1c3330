import { LimbeckError } from '@limbeck/core';
import type { Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';

/** Refuses to train on single images: they have no relations. The deployed form may be built for one. */
export function requireSeveral(distiller: string, m: Scope, features: Tensor): void {
  if (m.mode === 'eval' || features.shape[0]! > 1) return;
  throw new LimbeckError(
    'PRECONDITION',
    `distiller '${distiller}' compares the images of a batch with each other, and this batch has one`,
    { hint: 'set data.batchSize to 2 or more' },
  );
}
