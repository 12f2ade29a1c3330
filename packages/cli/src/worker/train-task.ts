import path from 'node:path';
import { type RunOrder, runConfig, type Surroundings } from '@limbeck/compose';
import { LimbeckError } from '@limbeck/core';
import { isPlugin } from '@limbeck/core/host';
import type { RunEpoch, RunResult } from '@limbeck/trainer';
import { changed, type OpenedConfig, openConfig, openHost } from '../config/open-config.js';
import { reopenConfig } from '../config/reopen-config.js';
import type { WorkContext } from './messages.js';

export interface TrainRequest extends Surroundings {
  readonly config?: string;
  readonly set?: readonly string[];
  /** Folder of the new run, which must not exist. */
  readonly out?: string;
  /** Folder of the run to go on with. */
  readonly resume?: string;
  /** Folder of a run whose weights the student of a new one begins with. */
  readonly from?: string;
  /** Of that run; default the epoch its files hold. */
  readonly epoch?: RunEpoch;
}

export type TrainResult = RunResult;

/** Trains as a configuration says, in a new folder or one of a stopped run. */
export async function trainTask(request: TrainRequest, context: WorkContext): Promise<TrainResult> {
  const opened = await openOrder(request);
  context.say({ type: 'note', text: `configuration ${opened.file}` });
  return runOpened(opened, {
    ...request,
    extend: request.resume !== undefined && (request.set ?? []).length > 0,
    onEvent: (event) => context.say({ type: 'event', event }),
    note: (text) => context.say({ type: 'note', text }),
    stop: context.stopped,
  });
}

/** What trains a configuration that is open. */
export type OpenedOrder = Pick<
  RunOrder,
  'cwd' | 'env' | 'out' | 'resume' | 'extend' | 'onEvent' | 'note' | 'stop'
> &
  Pick<TrainRequest, 'set'>;

/** Trains with the plugins that the configuration lists. */
export async function runOpened(opened: OpenedConfig, order: OpenedOrder): Promise<RunResult> {
  const host = await openHost(opened);
  try {
    return await runConfig(opened.config, host, { ...order, origin: originOf(opened) });
  } finally {
    await host.dispose();
  }
}

async function openOrder(request: TrainRequest): Promise<OpenedConfig> {
  const { cwd, config, set = [], out, resume, from, epoch } = request;
  if (resume === undefined) {
    if (from !== undefined) return openFrom(from, request);
    if (epoch === undefined) return openConfig({ config, set }, cwd);
    throw new LimbeckError('USAGE', '--best and --epoch choose among the epochs of a run to start from', {
      hint: 'name that run: --from RUN',
    });
  }
  const other = set.find((one) => !/^\s*train\.epochs\s*=/.test(one));
  const extra = { 'a configuration': config, '--from': from, [`--set ${other}`]: other, '--out': out };
  const refused = Object.entries(extra).find(([, value]) => value !== undefined);
  if (refused !== undefined) {
    throw new LimbeckError(
      'USAGE',
      `--resume goes on with the run as it was started; ${refused[0]} cannot be given too`,
      {
        hint: `limbeck train --resume ${resume} [--set train.epochs=N], or a new run from its weights: limbeck train --from ${resume}`,
      },
    );
  }
  return changed(await reopenConfig(path.resolve(cwd, resume)), set, cwd);
}

/** A configuration whose student begins with the weights of a run; without one, that of the run. */
async function openFrom(from: string, { cwd, config, set = [], epoch }: TrainRequest): Promise<OpenedConfig> {
  const run = path.resolve(cwd, from);
  // what was there before is taken away first: another file, another epoch
  const start = [
    'student.weights=null',
    'student.rename=null',
    `student.weights=${JSON.stringify({ run, ...(epoch !== undefined && { epoch }) })}`,
  ];
  if (config !== undefined) return openConfig({ config, set: [...start, ...set] }, cwd);
  return changed(await reopenConfig(run), [...start, ...set], cwd);
}

/** Where the configuration came from, so that a run whose plugins are written in it can be resumed. */
function originOf({ origin, config, set }: OpenedConfig) {
  const names = config.plugins.map((listed) => (Array.isArray(listed) ? listed[0] : listed));
  return { file: origin, set, inlinePlugins: names.filter(isPlugin).map(({ name }) => name) };
}
