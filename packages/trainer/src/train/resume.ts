import { LimbeckError } from '@limbeck/core';
import type { StateDict } from '@limbeck/graph';
import type { RunListener } from '../run/events.js';
import { differences } from '../run/identity.js';
import { type Progress, startOfRun } from '../run/progress.js';
import { type Checkpoint, latestCheckpoint } from '../store/checkpoint/load.js';
import { pruneCheckpoints, removeRemains } from '../store/checkpoint/prune.js';
import { type RunFolder, type RunRecord, runFiles } from '../store/run-folder.js';
import { extensionOf } from './extend.js';
import type { PreparedRun } from './prepare.js';

/** Where a session begins. */
export interface Beginning {
  readonly progress: Progress;
  readonly state: StateDict;
}

/**
 * Finds where a stopped run stands, and makes its folder as it was then.
 *
 * @throws LimbeckError PRECONDITION where the run is another one, CHECKPOINT_CORRUPT where nothing sound is left
 */
export function resumeFrom(
  folder: RunFolder,
  run: PreparedRun,
  { record, emit }: { record: RunRecord; emit: RunListener },
): Beginning {
  const checkpoints = folder.file(runFiles.checkpoints);
  const found = latestCheckpoint(checkpoints, (path, problem) => {
    emit({
      type: 'warning',
      code: 'CHECKPOINT_CORRUPT',
      message: `checkpoint ${path} cannot be used: ${problem}`,
      hint: 'the one before it is tried',
    });
  });
  if (found === undefined) refuseOther(folder, folder.config(), asWritten(record.config));
  const extendedFrom = found && extensionOf(folder, found.manifest, run);
  if (found !== undefined && extendedFrom === undefined)
    refuseOther(folder, found.manifest.identity, run.identity);
  if (extendedFrom !== undefined) folder.extend(record);
  removeRemains(checkpoints);
  folder.metrics.truncate(metricsBytesOf(folder, found));
  warnOfChanges(folder, found, emit);
  const { progress, state } = found
    ? { progress: found.manifest.progress, state: found.state }
    : { progress: startOfRun(), state: run.stateOf(run.phases[0]!) };
  // a process that was killed between saving and removing left one too many
  pruneCheckpoints(checkpoints, run.spec.checkpoint, { progress, stepsPerEpoch: run.source.batchesPerEpoch });
  const { epoch, step } = progress;
  emit({ type: 'resume', checkpoint: found?.path ?? '', epoch, step, ...(extendedFrom && { extendedFrom }) });
  return { progress, state };
}

/** As reading the file back gives it. */
const asWritten = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const shown = 10;

function refuseOther(folder: RunFolder, before: unknown, now: unknown): void {
  const changes = differences(before, now);
  if (changes.length === 0) return;
  const more = changes.length > shown ? `\n  and ${changes.length - shown} more` : '';
  throw new LimbeckError(
    'PRECONDITION',
    `the run in ${folder.path} had another configuration:\n  ${changes.slice(0, shown).join('\n  ')}${more}`,
    {
      hint: 'resume it as it was started, or start another run in another folder',
      details: { changes },
    },
  );
}

/** Lines after the checkpoint will be written again. */
function metricsBytesOf(folder: RunFolder, found: Checkpoint | undefined): number {
  const bytes = found?.manifest.metricsBytes ?? 0;
  if (bytes <= folder.metrics.length) return bytes;
  throw new LimbeckError(
    'CHECKPOINT_CORRUPT',
    `${folder.metrics.path} has ${folder.metrics.length} bytes, the checkpoint was made at ${bytes}`,
    { hint: 'restore the file from a backup; a checkpoint goes with the lines before it' },
  );
}

/** Lines before the checkpoint are a record that nothing is computed from: the run goes on, with a word. */
function warnOfChanges({ metrics }: RunFolder, found: Checkpoint | undefined, emit: RunListener): void {
  const expected = found?.manifest.metricsSha256;
  if (expected === undefined || metrics.sha256() === expected) return;
  emit({
    type: 'warning',
    code: 'CHECKPOINT_CORRUPT',
    message: `${metrics.path} is not as it was written: its first ${metrics.length} bytes do not have their SHA-256`,
    hint: 'what it says of the steps before this one cannot be relied on; the model and its state are sound',
  });
}
