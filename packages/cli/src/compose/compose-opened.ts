import path from 'node:path';
import type { Host, ResolvedConfig } from '@limbeck/core';
import type { RunSpec } from '@limbeck/trainer';
import { shown } from '../config/load-config.js';
import type { OpenedConfig } from '../config/open-config.js';
import { dataFolder } from '../data-folder.js';
import type { Surroundings } from '../worker/messages.js';
import { describeChosen } from './chosen-placements.js';
import { composeRun, type RunFolders } from './compose-run.js';

/** The folders outside a run's own, where neither configuration nor environment says otherwise: beside the runs. */
export function runFolders({ data }: ResolvedConfig, where: Surroundings): RunFolders {
  const shared = (name: string) => shown(path.join(where.cwd, 'runs', '.cache', name), process.cwd());
  return {
    dataDir: dataFolder(data.dir, where),
    cacheDir: shared('teacher'),
    calibrationDir: shared('calibration'),
  };
}

/**
 * The run of an opened configuration.
 *
 * @param note told what `auto` chose
 */
export async function composeOpened(
  { config }: Pick<OpenedConfig, 'config'>,
  host: Host,
  where: Surroundings,
  note: (text: string) => void,
): Promise<RunSpec> {
  const spec = await composeRun(config, host, runFolders(config, where));
  const chosen = describeChosen(config, spec);
  if (chosen !== undefined) note(chosen);
  return spec;
}
