import { type BackendDiagnosis, dataFolder, diagnoseBackends } from '@limbeck/compose';
import { isLimbeckError } from '@limbeck/core';
import type { Host, ResolvedConfig } from '@limbeck/core/host';
import { findConfig } from '../config/load-config.js';
import { openConfig, openHost } from '../config/open-config.js';
import { type DatasetListing, findDatasets } from '../find-datasets.js';
import type { Io } from '../io.js';
import { backendTable } from '../output/backend-table.js';
import { type Colors, colorsFor } from '../output/color.js';
import { print, printJson } from '../output/print.js';
import { version } from '../version.js';

/** The oldest Node that works; a test keeps it equal to `engines` in package.json. */
export const oldestNode = '20.19';

interface Diagnosis extends BackendDiagnosis {
  readonly ok: boolean;
  readonly limbeck: string;
  readonly node: { readonly version: string; readonly needs: string; readonly ok: boolean };
  readonly platform: string;
  readonly config: { readonly file?: string; readonly problem?: string };
  readonly dataDir: string;
  readonly datasets: readonly DatasetListing[];
}

/** `limbeck doctor`: what works here, what does not, and what would change that. Exit status 1 where nothing can train. */
export async function doctor(io: Io, { json }: { readonly json?: boolean }): Promise<number> {
  const diagnosis = await diagnose(io);
  if (json) printJson(io, diagnosis);
  else show(io, diagnosis);
  return diagnosis.ok ? 0 : 1;
}

async function diagnose(io: Io): Promise<Diagnosis> {
  const { host, configured, config } = await hostOf(io.cwd);
  try {
    const diagnosis = await diagnoseBackends(host);
    const dataDir = dataFolder(configured?.data.dir, io);
    const node = {
      version: process.versions.node,
      needs: `>=${oldestNode}`,
      ok: isNewEnough(process.versions.node),
    };
    return {
      ok: node.ok && config.problem === undefined && diagnosis.backends.some(({ available }) => available),
      limbeck: version,
      node,
      platform: `${process.platform}-${process.arch}`,
      config,
      ...diagnosis,
      dataDir,
      datasets: await findDatasets(host, dataDir),
    };
  } finally {
    await host.dispose();
  }
}

/** With the configuration's plugins; a configuration that cannot be used is part of the diagnosis. */
async function hostOf(
  cwd: string,
): Promise<{ host: Host; configured?: ResolvedConfig; config: Diagnosis['config'] }> {
  let file: string | undefined;
  try {
    file = await findConfig(cwd);
    const opened = await openConfig({ config: file }, cwd);
    return { host: await openHost(opened), configured: opened.config, config: { file } };
  } catch (error) {
    if (!isLimbeckError(error)) throw error;
    const config = file === undefined ? {} : { file, problem: error.message };
    return { host: await openHost(), config };
  }
}

function isNewEnough(node: string): boolean {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const [oldMajor = 0, oldMinor = 0] = oldestNode.split('.').map(Number);
  return major > oldMajor || (major === oldMajor && minor >= oldMinor);
}

function show(io: Io, diagnosis: Diagnosis): void {
  const { limbeck, node, platform, config, dataDir, datasets } = diagnosis;
  const colors = colorsFor(io.env, io.stdout);
  const line = (good: boolean | undefined, text: string) => print(io, `${mark(good, colors)} ${text}`);
  line(true, `limbeck ${limbeck} on ${platform}`);
  line(node.ok, `Node ${node.version}${node.ok ? '' : `, which is too old: install ${node.needs}`}`);
  if (config.problem !== undefined) line(false, `configuration ${config.file}: ${config.problem}`);
  else if (config.file !== undefined) line(true, `configuration ${config.file}`);
  else line(undefined, "no configuration here: 'limbeck init' writes one");
  showBackends(io, diagnosis, line);
  for (const { id, found, remedy, size } of datasets) {
    if (found) line(true, `data set ${id}${size === 0 ? ', bundled' : ''}`);
    else line(undefined, `data set ${id} is not here${remedy === undefined ? '' : `: ${remedy}`}`);
  }
  print(io, `  data folder ${dataDir}`);
}

function showBackends(
  io: Io,
  { devices, auto, backends }: BackendDiagnosis,
  line: (good: boolean | undefined, text: string) => void,
): void {
  const works = backends.some(({ available }) => available);
  for (const { role, precision, choice, reason } of auto) {
    if (choice === undefined) line(works ? undefined : false, `${role} in ${precision}: ${reason}`);
    else line(true, `${role} in ${precision}: auto takes ${choice.backend} on ${choice.device}`);
  }
  print(io, '', backendTable(devices), '');
}

function mark(good: boolean | undefined, { green, red, dim }: Colors): string {
  if (good === undefined) return dim('-');
  return good ? green('+') : red('x');
}
