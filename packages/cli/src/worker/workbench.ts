import { dataFolder, findParts, openData, place, type RunParts, type Surroundings } from '@limbeck/compose';
import { type Host, placements, type ResolvedConfig } from '@limbeck/core/host';
import type { RunDataset } from '@limbeck/data';
import type { Placement } from '@limbeck/trainer';

/** What models of a configuration are measured with. */
export interface Workbench {
  readonly config: ResolvedConfig;
  readonly host: Host;
  readonly parts: RunParts;
  readonly dataset: RunDataset;
  readonly placement: Placement;
}

/** Finds the parts of a configuration, opens its data, and finds where its student is computed. */
export async function openWorkbench(
  config: ResolvedConfig,
  host: Host,
  where: Surroundings,
): Promise<Workbench> {
  const parts = findParts(config, host);
  const dataset = await openData(config, parts, dataFolder(config.data.dir, where));
  const placement = await place(placements(config).student, host, 'inference');
  return { config, host, parts, dataset, placement };
}
