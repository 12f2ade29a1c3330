import path from 'node:path';
import { configToJson, isPlugin, LimbeckError } from '@limbeck/core';
import { type RunResult, type TrainOptions, train } from '@limbeck/trainer';
import { withChosen } from '../compose/chosen-placements.js';
import { composeOpened } from '../compose/compose-opened.js';
import { describeEnvironment } from '../compose/environment.js';
import { nextRunFolder, runName } from '../compose/run-name.js';
import { shown } from '../config/load-config.js';
import { type OpenedConfig, openConfig, openHost } from '../config/open-config.js';
import { reopenConfig } from '../config/reopen-config.js';
import type { Surroundings, WorkContext } from './messages.js';

export interface TrainRequest extends Surroundings {
  readonly config?: string;
  readonly set?: readonly string[];
  /** Folder of the new run, which must not exist. */
  readonly out?: string;
  /** Folder of the run to go on with. */
  readonly resume?: string;
}

export type TrainResult = RunResult;

/** Trains as a configuration says, in a new folder or one of a stopped run. */
export async function trainTask(request: TrainRequest, context: WorkContext): Promise<TrainResult> {
  const opened = await openRun(request);
  context.say({ type: 'note', text: `configuration ${opened.file}` });
  return runOpened(opened, {
    ...request,
    onEvent: (event) => context.say({ type: 'event', event }),
    note: (text) => context.say({ type: 'note', text }),
    stop: context.stopped,
  });
}

/** How a run whose configuration is open is done. */
export interface RunOrder
  extends Pick<TrainRequest, 'cwd' | 'env' | 'set' | 'out' | 'resume'>,
    Required<Pick<TrainOptions, 'onEvent' | 'stop'>> {
  /** Told what is no event of the run. */
  readonly note?: (text: string) => void;
}

/** Composes and trains. */
export async function runOpened(opened: OpenedConfig, order: RunOrder): Promise<RunResult> {
  const { cwd, set, resume, onEvent, stop, note = () => undefined } = order;
  const host = await openHost(opened);
  try {
    const spec = await composeOpened(opened, host, order, note);
    const backends = [spec.placement, ...spec.teachers.map(({ placement }) => placement)].map(
      ({ backend }) => backend,
    );
    return await train(spec, {
      folder: folderOf(order, opened),
      resume: resume !== undefined,
      record: {
        config: configToJson(withChosen(opened.config, spec)),
        environment: { ...(await describeEnvironment(host, cwd, backends)), config: originOf(opened, set) },
      },
      onEvent,
      stop,
    });
  } finally {
    await host.dispose();
  }
}

function openRun({ cwd, config, set, out, resume }: TrainRequest): Promise<OpenedConfig> {
  if (resume === undefined) return openConfig({ config, set }, cwd);
  const extra = { 'a configuration': config, '--set': set?.[0], '--out': out };
  const refused = Object.entries(extra).find(([, value]) => value !== undefined);
  if (refused !== undefined) {
    throw new LimbeckError(
      'USAGE',
      `--resume goes on with the run as it was started; ${refused[0]} cannot be given too`,
      {
        hint: `limbeck train --resume ${resume}`,
      },
    );
  }
  return reopenConfig(path.resolve(cwd, resume));
}

/** The run's folder as messages show it. */
function folderOf({ cwd, out, resume }: RunOrder, { config }: OpenedConfig): string {
  const folder = resume ?? out ?? nextRunFolder(runName(config), cwd);
  return shown(path.resolve(cwd, folder), process.cwd());
}

/** Where the configuration came from, so that a run whose plugins are written in it can be resumed. */
function originOf({ file, config }: OpenedConfig, set: readonly string[] = []) {
  const names = config.plugins.map((listed) => (Array.isArray(listed) ? listed[0] : listed));
  return { file, set, inlinePlugins: names.filter(isPlugin).map(({ name }) => name) };
}
