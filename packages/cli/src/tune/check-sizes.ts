import type { Host } from '@limbeck/core';
import { summarizeDeployed } from '@limbeck/trainer';
import { openData } from '../compose/compose-run.js';
import { findParts } from '../compose/parts.js';
import { studentSpec } from '../compose/student-spec.js';
import { changed, type OpenedConfig } from '../config/open-config.js';
import { dataFolder } from '../data-folder.js';
import type { Surroundings } from '../worker/messages.js';
import type { SweepRun } from './sweep.js';

/**
 * Composes what every run would deploy, so that a size that does not fit stops a search before it trains anything.
 *
 * @param opened the configuration of the search
 * @throws LimbeckError as composing does
 */
export async function checkSizes(
  runs: readonly SweepRun[],
  opened: OpenedConfig,
  host: Host,
  where: Surroundings,
): Promise<void> {
  const { config } = opened;
  const data = await openData(config, findParts(config, host), dataFolder(config.data.dir, where));
  for (const { set } of runs) {
    const { config: own } = changed(opened, set, where.cwd);
    summarizeDeployed(await studentSpec(own, host, { batch: 1, data }));
  }
}
