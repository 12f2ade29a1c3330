import path from 'node:path';
import { configToJson, type Host, type ResolvedConfig } from '@limbeck/core/host';
import { type RunResult, type RunSpec, type TrainOptions, train } from '@limbeck/trainer';
import { describeChosen, withChosen } from './chosen-placements.js';
import { composeRun } from './compose-run.js';
import { describeEnvironment } from './environment.js';
import { relativePath, runFolders, type Surroundings } from './folders.js';
import { giveBackRunFolder, nextRunFolder, runName } from './run-name.js';

/** How a configuration is run. */
export interface RunOrder extends Surroundings, Pick<TrainOptions, 'onEvent' | 'stop'> {
  /** Folder of the new run, which must not exist. Default: the next free `runs/<name>-<n>`. */
  readonly out?: string | undefined;
  /** Folder of the run to go on with, in place of a new one. */
  readonly resume?: string | undefined;
  /** With `resume`: the run may have finished, and goes on for the epochs of the configuration. */
  readonly extend?: boolean | undefined;
  /** Where the configuration came from; `environment.json` keeps it. */
  readonly origin?: unknown;
  /** Told what is no event of the run. */
  readonly note?: ((text: string) => void) | undefined;
}

/**
 * The specification of a configuration, with the folders it names or those beside the runs.
 *
 * @param note told what `auto` chose
 */
export async function specOf(
  config: ResolvedConfig,
  host: Host,
  where: Surroundings,
  note: (text: string) => void,
): Promise<RunSpec> {
  const spec = await composeRun(config, host, runFolders(config, where));
  const chosen = describeChosen(config, spec);
  if (chosen !== undefined) note(chosen);
  return spec;
}

/**
 * Composes a configuration and trains what it says, in a folder of its own.
 *
 * @throws LimbeckError as composing and training do
 */
export async function runConfig(config: ResolvedConfig, host: Host, order: RunOrder): Promise<RunResult> {
  const { cwd, out, resume, extend, origin, onEvent, stop, note = () => undefined } = order;
  const spec = await specOf(config, host, order, note);
  const backends = [spec.placement, ...spec.teachers.map(({ placement }) => placement)].map(
    ({ backend }) => backend,
  );
  const taken = resume === undefined && out === undefined ? nextRunFolder(runName(config), cwd) : undefined;
  const folder = resume ?? out ?? taken!;
  try {
    return await train(spec, {
      // as messages show it
      folder: relativePath(path.resolve(cwd, folder), process.cwd()),
      resume: resume !== undefined,
      extend,
      record: {
        config: configToJson(withChosen(config, spec)),
        environment: { ...(await describeEnvironment(host, cwd, backends)), config: origin },
      },
      onEvent,
      stop,
    });
  } catch (error) {
    if (taken !== undefined) giveBackRunFolder(taken, cwd);
    throw error;
  }
}
