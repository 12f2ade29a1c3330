import type { Host } from '@limbeck/core';
import { summarizeDeployed } from '@limbeck/trainer';
import { openData } from '../compose/compose-run.js';
import { findParts } from '../compose/parts.js';
import { studentSpec } from '../compose/student-spec.js';
import { openConfig } from '../config/open-config.js';
import { dataFolder } from '../data-folder.js';
import type { SweepRun } from './sweep.js';

/**
 * Composes what every run would deploy, so that a size that does not fit stops a search before it trains anything.
 *
 * @throws LimbeckError as composing does
 */
export async function checkSizes(
  runs: readonly SweepRun[],
  {
    config,
    cwd,
    env,
    host,
  }: {
    readonly config?: string;
    readonly cwd: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly host: Host;
  },
): Promise<void> {
  const { config: first } = await openConfig({ config, set: runs[0]!.set }, cwd);
  const data = await openData(first, findParts(first, host), dataFolder(first.data.dir, { cwd, env }));
  for (const { set } of runs) {
    const { config: own } = await openConfig({ config, set }, cwd);
    summarizeDeployed(await studentSpec(own, host, { batch: 1, data }));
  }
}
