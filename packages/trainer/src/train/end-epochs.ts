import { isLimbeckError, LimbeckError } from '@limbeck/core';
import type { StateDict } from '@limbeck/graph';
import type { RunListener } from '../run/events.js';
import type { MetricValues } from '../run/facts.js';
import type { Progress } from '../run/progress.js';
import { checkpointAt } from '../store/checkpoint/load.js';
import { type RunFolder, runFiles } from '../store/run-folder.js';
import type { CompiledRun } from './compiled-run.js';
import type { PreparedRun } from './prepare.js';

/** The student after one of a run's epochs. */
export interface EndEpoch {
  readonly as: 'last' | 'best';
  readonly epoch: number;
  readonly metrics: MetricValues;
  /** What is deployed of it, by state name. */
  readonly state: StateDict;
}

/**
 * The student of the epoch that is deployed, and that of the other one where it is another epoch and its weights are there.
 *
 * @throws LimbeckError CHECKPOINT_CORRUPT where the best epoch is to be deployed and its checkpoint is not sound
 */
export async function endEpochs(
  { spec }: PreparedRun,
  compiled: CompiledRun,
  { folder, progress, emit }: { folder: RunFolder; progress: Progress; emit: RunListener },
): Promise<{ chosen: EndEpoch; other?: EndEpoch }> {
  const as = spec.deploy ?? 'last';
  const best = progress.best!;
  const state = await compiled.deployedState();
  const last: EndEpoch = { as: 'last', epoch: progress.epoch, metrics: progress.last!, state };
  if (best.step === progress.step) return { chosen: { ...last, as } };
  const bestState = () => {
    const kept = checkpointAt(folder.file(runFiles.checkpoints), best.step);
    if (kept !== undefined) return compiled.deployedStateOf(kept.state);
    throw new LimbeckError('CHECKPOINT_CORRUPT', `the checkpoint of epoch ${best.epoch}, the best, is gone`, {
      hint: 'restore it, or deploy the last epoch: train.deploy',
    });
  };
  const bestEnd = (): EndEpoch => ({
    as: 'best',
    epoch: best.epoch,
    metrics: best.values,
    state: bestState(),
  });
  if (as === 'best') return { chosen: bestEnd(), other: last };
  if (!spec.checkpoint.keep.best) return { chosen: last };
  try {
    return { chosen: last, other: bestEnd() };
  } catch (error) {
    if (!isLimbeckError(error)) throw error;
    const { code, message } = error;
    emit({ type: 'warning', code, message: `the best epoch is not written beside the last: ${message}` });
    return { chosen: last };
  }
}
