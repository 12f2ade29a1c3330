import { existsSync } from 'node:fs';
import path from 'node:path';
import { withRecorded } from '@limbeck/compose';
import { LimbeckError } from '@limbeck/core';
import { canonicalJson, configToJson, type ResolvedConfig } from '@limbeck/core/host';
import { readRegularText, runFiles } from '@limbeck/trainer';
import { z } from 'zod';
import { existing } from './load-config.js';
import { type ConfigChoice, changed, type OpenedConfig, openConfig } from './open-config.js';

const origin = z.object({
  config: z.object({ file: z.string(), set: z.array(z.string()), inlinePlugins: z.array(z.string()) }),
});

/**
 * The configuration a run was started with, from its folder. Where plugins are written in the configuration itself, its
 * file is run again, and must still say the same.
 *
 * @param folder of the run, absolute
 * @throws LimbeckError NOT_FOUND, BAD_FILE, PRECONDITION where the configuration has changed
 */
export async function reopenConfig(folder: string): Promise<OpenedConfig> {
  const record = path.join(folder, runFiles.config);
  await requireRun(record, folder);
  const { file, set, inlinePlugins } = await readOrigin(path.join(folder, runFiles.environment));
  if (inlinePlugins.length === 0) {
    const opened = await openConfig({ config: record }, folder);
    // plugins by name may be installed where the configuration was
    return { ...opened, origin: file, set, folders: [...opened.folders, path.dirname(file)] };
  }
  const again = await openConfig({ config: file, set }, path.dirname(file));
  const before = JSON.parse(readRegularText(record)) as ReturnType<typeof configToJson>;
  const config = withRecorded(again.config, before as unknown as ResolvedConfig);
  if (canonicalJson(configToJson(config)) === canonicalJson(before)) return { ...again, config };
  throw new LimbeckError('PRECONDITION', `${file} has changed since the run in ${folder} was started`, {
    hint: `restore it (${record} holds what it said), or start another run`,
    details: { file, record },
  });
}

/**
 * A configuration to work on what a run left behind: that of a run folder is opened as the run was, with the plugins it
 * had, any other as it is.
 *
 * @throws LimbeckError as {@link reopenConfig} and {@link openConfig} do
 */
export async function openRecorded({ config, set = [] }: ConfigChoice, cwd: string): Promise<OpenedConfig> {
  const file = config === undefined ? undefined : path.resolve(cwd, config);
  if (file === undefined || !isRecord(file)) return openConfig({ config, set }, cwd);
  return changed(await reopenConfig(path.dirname(file)), set, cwd);
}

const isRecord = (file: string): boolean =>
  path.basename(file) === runFiles.config && existsSync(path.join(path.dirname(file), runFiles.environment));

async function requireRun(record: string, folder: string): Promise<void> {
  await existing(record, record).catch((cause: unknown) => {
    throw new LimbeckError('NOT_FOUND', `there is no run to resume in ${folder}`, {
      hint: `a run folder holds a ${runFiles.config}; leave --resume out to start a new run`,
      details: { path: folder },
      cause,
    });
  });
}

async function readOrigin(file: string): Promise<z.output<typeof origin>['config']> {
  try {
    return origin.parse(JSON.parse(readRegularText(file))).config;
  } catch (cause) {
    throw new LimbeckError('BAD_FILE', `${file} does not say where the run's configuration came from`, {
      hint: 'restore the file, or start another run',
      details: { path: file },
      cause,
    });
  }
}
