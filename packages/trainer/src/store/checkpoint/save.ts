import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { LimbeckError } from '@limbeck/core';
import { coreVersion } from '@limbeck/core/host';
import { writeSafetensors } from '@limbeck/formats';
import type { StateDict } from '@limbeck/graph';
import { writeAtomically, writeJson } from '../../files/atomic.js';
import { findNotFinite } from '../../run/finite.js';
import { hashOf, type Identity } from '../../run/identity.js';
import type { Progress } from '../../run/progress.js';
import { averagesDeployed } from '../../run/training-state.js';
import { checkpointName, type Manifest, manifestVersion } from './manifest.js';

/**
 * Writes a checkpoint: the whole training state, then the manifest that makes it count.
 *
 * @param folder where checkpoints are
 * @returns path of the tensors
 * @throws LimbeckError WRITE_FAILED, NON_FINITE where the state holds numbers nobody could go on from
 */
export function saveCheckpoint(
  folder: string,
  {
    state,
    progress,
    metrics,
    identity,
  }: {
    state: StateDict;
    progress: Progress;
    metrics: { readonly bytes: number; readonly sha256: string };
    identity: Identity;
  },
): string {
  refuseNonFinite(state, progress);
  const path = join(folder, checkpointName(progress.step));
  const { ema } = identity as { ema?: { deploy?: boolean } };
  const bytes = writeSafetensors(state, ema?.deploy === true ? { [averagesDeployed]: 'true' } : {});
  writeAtomically(`${path}.safetensors`, bytes);
  const content: Omit<Manifest, 'sha256'> = {
    version: manifestVersion,
    project: coreVersion,
    progress,
    tensors: { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length },
    metricsBytes: metrics.bytes,
    metricsSha256: metrics.sha256,
    identity,
  };
  writeJson(`${path}.json`, { ...content, sha256: hashOf(content) });
  return `${path}.safetensors`;
}

function refuseNonFinite(state: StateDict, { step, epoch }: Progress): void {
  const bad = findNotFinite(state);
  if (bad === undefined) return;
  const { name, index, value } = bad;
  throw new LimbeckError(
    'NON_FINITE',
    `'${name}' became ${value} at element ${index} by step ${step} (epoch ${epoch + 1})`,
    {
      hint: 'try a lower learning rate, a warm-up, or smaller loss weights; checkpoints before this step are kept',
      details: { step, epoch: epoch + 1, state: name },
    },
  );
}
