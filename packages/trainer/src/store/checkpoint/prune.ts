import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { partial, removeQuietly } from '../../files/atomic.js';
import type { Progress } from '../../run/progress.js';
import type { RunSpec } from '../../run/run-spec.js';
import { listCheckpoints } from './load.js';
import { checkpointName, stepOf } from './manifest.js';

/** Checkpoints kept whatever the policy: should the latest turn out torn, the one before it takes over. */
const fewestKept = 2;

/** Removes checkpoints that the policy does not keep. Called once the one of this very step is durable. */
export function pruneCheckpoints(
  folder: string,
  { keep }: RunSpec['checkpoint'],
  { progress, stepsPerEpoch }: { progress: Progress; stepsPerEpoch: number },
): void {
  // later ones are what a resumed run found broken and will write again
  const steps = listCheckpoints(folder).filter((step) => step <= progress.step);
  const kept = new Set(steps.slice(0, Math.max(fewestKept, keep.last)));
  if (keep.best && progress.best !== undefined) kept.add(progress.best.step);
  const interval = (keep.everyEpochs ?? 0) * stepsPerEpoch;
  for (const step of steps) {
    if (!kept.has(step) && !(interval > 0 && step % interval === 0)) removeCheckpoint(folder, step);
  }
}

/** The manifest goes first: without it, tensors count as rubbish. */
function removeCheckpoint(folder: string, step: number): void {
  for (const ending of ['json', 'safetensors']) {
    removeQuietly(join(folder, `${checkpointName(step)}.${ending}`));
  }
}

/** Removes what a killed process left half done. */
export function removeRemains(folder: string): void {
  const names = readdirSync(folder);
  for (const name of names) {
    const manifest = name.replace(/\.safetensors$/, '.json');
    const isOrphan = manifest !== name && stepOf(manifest) !== undefined && !names.includes(manifest);
    if (name.endsWith(partial) || isOrphan) removeQuietly(join(folder, name));
  }
}
