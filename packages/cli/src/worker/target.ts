import { stat } from 'node:fs/promises';
import path from 'node:path';
import { LimbeckError } from '@limbeck/core';
import { type RunEpoch, runFiles, weightsExtensions } from '@limbeck/trainer';
import { openConfig } from '../config/open-config.js';

/** A model on disk, and the configuration that says what it is. */
export interface Target {
  /** File of the weights or of the whole model, absolute; for an epoch of a run, its folder. */
  readonly model: string;
  /** The epoch of the run in the folder {@link model}. */
  readonly epoch?: RunEpoch;
  /** Path of the configuration; left out, it is looked for. */
  readonly config?: string;
}

/**
 * Finds out what a command is to work on: a run folder, a configuration with weights, or a model file.
 *
 * @throws LimbeckError NOT_FOUND, USAGE
 */
export async function locateTarget(request: {
  readonly cwd: string;
  readonly target: string;
  readonly weights?: string;
  readonly config?: string;
  readonly set?: readonly string[];
  /** Of a run; default the one its files hold. */
  readonly epoch?: RunEpoch;
}): Promise<Target> {
  const { cwd, target, weights, config, epoch } = request;
  const full = path.resolve(cwd, target);
  const found = await stat(full).catch(() => undefined);
  if (found === undefined) {
    throw new LimbeckError('NOT_FOUND', `${target} does not exist`, {
      hint: 'name a run folder, a configuration file or a model file',
      details: { path: full },
    });
  }
  if (found.isDirectory()) return inRunFolder(full, target, { cwd, weights, config, epoch });
  if (epoch !== undefined) {
    throw new LimbeckError(
      'USAGE',
      `${target} is no run folder; --best and --epoch choose among the epochs of a run`,
      {
        hint: 'name the run folder, or leave the option out',
      },
    );
  }
  if (['.onnx', ...weightsExtensions].includes(path.extname(full))) {
    if (weights !== undefined) {
      throw new LimbeckError('USAGE', `${target} is a model already, --weights cannot be given too`, {
        hint: 'name the configuration first, or leave --weights out',
      });
    }
    return { model: full, config: config ?? (await configBeside(full)) };
  }
  if (weights !== undefined) return { model: path.resolve(cwd, weights), config: full };
  const start = (await openConfig({ config: full, set: request.set }, cwd)).config.student.weights;
  if (start?.run !== undefined) {
    return { model: start.run, epoch: start.epoch ?? 'deployed', config: full };
  }
  if (start?.file !== undefined) return { model: start.file, config: full };
  throw new LimbeckError('USAGE', `${target} is a configuration; the weights of its student are missing`, {
    hint: 'add --weights FILE, or name the run folder',
  });
}

async function inRunFolder(
  folder: string,
  given: string,
  {
    cwd,
    weights,
    config,
    epoch,
  }: {
    readonly cwd: string;
    readonly weights?: string;
    readonly config?: string;
    readonly epoch?: RunEpoch;
  },
): Promise<Target> {
  const record = path.join(folder, runFiles.config);
  if (!(await exists(record))) {
    throw new LimbeckError('NOT_FOUND', `${given} is no run folder: it has no ${runFiles.config}`, {
      hint: "name the folder that 'limbeck train' wrote",
      details: { path: folder },
    });
  }
  if (epoch !== undefined) {
    if (weights === undefined) return { model: folder, config: config ?? record, epoch };
    throw new LimbeckError('USAGE', '--weights names a file, --best and --epoch choose one of the run', {
      hint: 'give one of them',
    });
  }
  const model = weights === undefined ? path.join(folder, runFiles.student) : path.resolve(cwd, weights);
  if (await exists(model)) return { model, config: config ?? record };
  throw new LimbeckError('NOT_FOUND', `${given} has no ${path.basename(model)}: its run has not finished`, {
    hint: `finish it with 'limbeck train --resume ${given}', or take an epoch it kept: --best, --epoch N`,
    details: { path: model },
  });
}

/** The configuration of the run folder that a file lies in. */
async function configBeside(file: string): Promise<string | undefined> {
  const record = path.join(path.dirname(file), runFiles.config);
  return (await exists(record)) ? record : undefined;
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );
