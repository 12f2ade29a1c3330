import { LimbeckError } from '@limbeck/core';
import { coreVersion } from '@limbeck/core/host';
import { writeSafetensors } from '@limbeck/formats';
import { frozen } from '../execute/compile.js';
import { writeAtomically, writeJson } from '../files/atomic.js';
import { writeExported } from '../files/exported.js';
import { findNotFinite } from '../run/finite.js';
import type { Progress } from '../run/progress.js';
import type { RunResult } from '../run/run-result.js';
import { type RunFolder, runFiles } from '../store/run-folder.js';
import { deployedWeights, describeWeights } from '../weights/deployed.js';
import type { CompiledRun } from './compiled-run.js';
import { measureDeployed } from './deployed-cost.js';
import { type PreparedRun, parameterCount } from './prepare.js';

/**
 * Writes what a run is for: the deployed student of the last epoch in every format asked for, then the result. A run is
 * finished once its result is there.
 *
 * @throws LimbeckError NON_FINITE naming the first tensor that is not finite, before anything is written; WRITE_FAILED
 */
export async function finish(
  run: PreparedRun,
  compiled: CompiledRun,
  { folder, progress }: { folder: RunFolder; progress: Progress },
): Promise<RunResult> {
  const { spec, plan } = run;
  const { student, data, exporters } = spec;
  const { classes, imageShape, normalization } = data.dataset;
  const last = progress.last!;
  const { epoch, values } = progress.best!;
  const state = await compiled.deployedState();
  const bad = findNotFinite(state);
  if (bad !== undefined) {
    throw new LimbeckError(
      'NON_FINITE',
      `'${bad.name}' of the trained student is ${bad.value} at element ${bad.index}; nothing was exported`,
      { hint: 'try a lower learning rate or a warm-up; checkpoints are kept', details: { state: bad.name } },
    );
  }
  const deployed = run.deployed(1);
  const metadata = describeWeights({
    backbone: student.backbone.id,
    options: student.options,
    classes,
    imageShape,
    normalization,
    metrics: last,
    version: coreVersion,
  });
  const files: Record<string, string> = { safetensors: folder.file(runFiles.student) };
  writeAtomically(files.safetensors!, writeSafetensors(deployedWeights(deployed, state), metadata));
  for (const { contribution: exporter, options } of exporters) {
    const path = folder.file(`student${exporter.extension}`);
    writeExported(path, exporter.write(frozen(deployed, state), { options, metadata }));
    files[exporter.id] = path;
  }
  const cost = await measureDeployed(run, state);
  const result: RunResult = {
    folder: folder.path,
    version: coreVersion,
    student: {
      id: student.backbone.id,
      parameters: parameterCount([...plan.variables.values()].filter(({ owner }) => owner === 'student')),
    },
    deployed: cost,
    epochs: progress.epoch,
    steps: progress.step,
    stopped: progress.stopped,
    averaged: spec.ema?.deploy === true ? true : undefined,
    teachers: progress.teachers,
    last,
    best: { ...values, epoch },
    files,
    seconds: progress.seconds,
  };
  writeJson(folder.file(runFiles.result), result);
  return result;
}
