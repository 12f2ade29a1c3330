import { dataFolder, findParts, openData, type Surroundings, studentSpec } from '@limbeck/compose';
import type { Host } from '@limbeck/core/host';
import { summarizeDeployed } from '@limbeck/trainer';
import { changed, type OpenedConfig } from '../config/open-config.js';
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
    summarizeDeployed(await studentSpec(own, host, { batchSize: 1, dataset: data }));
  }
}
