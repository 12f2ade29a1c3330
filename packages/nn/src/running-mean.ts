import { add, div, maximum, mul, sub, type Tensor } from '@limbeck/graph';
import { zeros } from './initializers.js';
import type { Scope } from './scope.js';

/**
 * Means over all that was seen so far, this batch included. Kept as two buffers of the scope, under a name and as `seen`.
 *
 * @param batch sums over this batch, and how many numbers each is the sum of, in a shape that is stretched to theirs
 * @returns shaped like the sums; 0 where nothing was seen
 */
export function runningMean(m: Scope, name: string, batch: { sums: Tensor; count: Tensor }): Tensor {
  const means = m.buffer(name, batch.sums.shape, zeros);
  const seen = m.buffer('seen', batch.count.shape, zeros);
  const total = add(seen, batch.count);
  const surplus = sub(batch.sums, mul(batch.count, means));
  const next = add(means, div(surplus, maximum(total, 1)));
  m.update(means, next);
  m.update(seen, total);
  return next;
}
