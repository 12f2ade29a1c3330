import path from 'node:path';
import { type RunOrder, runConfig, type Surroundings } from '@limbeck/compose';
import { LimbeckError } from '@limbeck/core';
import { isPlugin } from '@limbeck/core/host';
import type { RunResult } from '@limbeck/trainer';
import { type OpenedConfig, openConfig, openHost } from '../config/open-config.js';
import { reopenConfig } from '../config/reopen-config.js';
import type { WorkContext } from './messages.js';

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

/** What trains a configuration that is open. */
export type OpenedOrder = Pick<RunOrder, 'cwd' | 'env' | 'out' | 'resume' | 'onEvent' | 'note' | 'stop'> &
  Pick<TrainRequest, 'set'>;

/** Trains with the plugins that the configuration lists. */
export async function runOpened(opened: OpenedConfig, order: OpenedOrder): Promise<RunResult> {
  const host = await openHost(opened);
  try {
    return await runConfig(opened.config, host, { ...order, origin: originOf(opened, order.set) });
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

/** Where the configuration came from, so that a run whose plugins are written in it can be resumed. */
function originOf({ file, config }: OpenedConfig, set: readonly string[] = []) {
  const names = config.plugins.map((listed) => (Array.isArray(listed) ? listed[0] : listed));
  return { file, set, inlinePlugins: names.filter(isPlugin).map(({ name }) => name) };
}
