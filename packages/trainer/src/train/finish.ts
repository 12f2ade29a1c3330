import { LimbeckError } from '@limbeck/core';
import { coreVersion } from '@limbeck/core/host';
import { writeSafetensors } from '@limbeck/formats';
import type { StateDict } from '@limbeck/graph';
import { removeQuietly, writeAtomically, writeJson } from '../files/atomic.js';
import { defaultTask } from '../programs/plan-task.js';
import type { RunListener } from '../run/events.js';
import { findNotFinite } from '../run/finite.js';
import type { Progress } from '../run/progress.js';
import type { RunResult } from '../run/run-result.js';
import { type RunFolder, runFiles } from '../store/run-folder.js';
import { deployedWeights, describeWeights, picturesOf } from '../weights/deployed.js';
import type { CompiledRun } from './compiled-run.js';
import { measureDeployed } from './deployed-cost.js';
import { type EndEpoch, endEpochs } from './end-epochs.js';
import { type PreparedRun, parameterCount } from './prepare.js';
import { writeExports } from './write-exports.js';

/**
 * Writes what a run is for: the deployed student of the epoch that was asked for in every format, the weights of the other
 * one beside it, then the result. A run is finished once its result is there.
 *
 * @throws LimbeckError NON_FINITE naming the first tensor that is not finite, before anything is written; WRITE_FAILED;
 * CHECKPOINT_CORRUPT where the best epoch is to be deployed and its checkpoint is not sound
 */
export async function finish(
  run: PreparedRun,
  compiled: CompiledRun,
  { folder, progress, emit }: { folder: RunFolder; progress: Progress; emit: RunListener },
): Promise<RunResult> {
  const { spec, plan } = run;
  const { student, data } = spec;
  const split = data.dataset.evaluated ?? 'test';
  const { epoch: bestEpoch, values } = progress.best!;
  const { chosen, other } = await endEpochs(run, compiled, { folder, progress, emit });
  refuseNotFinite(chosen.state);
  const deployed = run.deployed(1);
  const weightsOf = ({ state, epoch, metrics }: EndEpoch) => {
    const metadata = describeStudent(run, { epoch, metrics, split });
    return { metadata, bytes: writeSafetensors(deployedWeights(deployed, state), metadata) };
  };
  const files: Record<string, string> = { safetensors: folder.file(runFiles.student) };
  const { metadata, bytes } = weightsOf(chosen);
  writeAtomically(files.safetensors!, bytes);
  for (const [as, name] of Object.entries(runFiles.others)) {
    if (other?.as === as) writeAtomically(folder.file(name), weightsOf(other).bytes);
    // of a run that ended here before it was extended
    else removeQuietly(folder.file(name));
  }
  const { files: exported, int8 } = await writeExports(spec, { state: chosen.state, metadata, folder, emit });
  Object.assign(files, exported);
  const result: RunResult = {
    folder: folder.path,
    version: coreVersion,
    student: {
      id: student.backbone.id,
      parameters: parameterCount([...plan.variables.values()].filter(({ owner }) => owner === 'student')),
    },
    deployed: await measureDeployed(run, chosen.state),
    epochs: progress.epoch,
    steps: progress.step,
    stopped: progress.stopped,
    averaged: spec.ema?.deploy === true ? true : undefined,
    teachers: progress.teachers,
    last: progress.last!,
    best: { ...values, epoch: bestEpoch },
    exported: {
      epoch: chosen.epoch,
      as: chosen.as,
      split,
      metrics: chosen.metrics,
      ...(other && {
        other: { epoch: other.epoch, as: other.as, file: folder.file(runFiles.others[other.as]) },
      }),
    },
    ...(Object.keys(int8).length > 0 && { int8 }),
    files,
    seconds: progress.seconds,
  };
  writeJson(folder.file(runFiles.result), result);
  return result;
}

/** What the files of a student say about it. */
function describeStudent(
  { spec: { student, data, license, task = defaultTask } }: PreparedRun,
  about: Pick<EndEpoch, 'epoch' | 'metrics'> & { readonly split: string },
): Record<string, string> {
  const { classes, imageShape, normalization } = data.dataset;
  const { backbone, options } = student;
  const pictures = picturesOf(data.dataset, task.contribution.id);
  const facts = { backbone: backbone.id, options, classes, imageShape, normalization, pictures, license };
  return describeWeights({ ...facts, ...about, version: coreVersion });
}

function refuseNotFinite(state: StateDict): void {
  const bad = findNotFinite(state);
  if (bad === undefined) return;
  throw new LimbeckError(
    'NON_FINITE',
    `'${bad.name}' of the trained student is ${bad.value} at element ${bad.index}; nothing was exported`,
    { hint: 'try a lower learning rate or a warm-up; checkpoints are kept', details: { state: bad.name } },
  );
}
