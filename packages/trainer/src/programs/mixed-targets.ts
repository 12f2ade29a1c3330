import type { TargetKind } from '@limbeck/core';
import type { RunSpec } from '../run/run-spec.js';

/** What batches of training bring, where their samples have targets of a kind: mixing makes probabilities of classes. */
export function mixedTargets(
  kind: TargetKind,
  transforms: RunSpec['data']['batchTransforms'] = [],
): { targets: TargetKind; mixedBy?: string } {
  const [first] = transforms;
  if (first === undefined) return { targets: kind };
  const targets = kind === 'index' ? 'soft' : kind;
  return { targets, mixedBy: `batch transform '${first.contribution.id}'` };
}
