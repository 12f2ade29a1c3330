import { stat } from 'node:fs/promises';
import path from 'node:path';
import { dataCache, dataFolder, findData } from '@limbeck/compose';
import { type Dataset, LimbeckError, type OpenDataset } from '@limbeck/core';
import { type Host, parseSet, type ResolvedConfig, resolveConfig } from '@limbeck/core/host';
import { hasConfig } from '../config/load-config.js';
import { openConfig, openHost } from '../config/open-config.js';
import type { Io } from '../io.js';

/** Which data a command looks through. */
export interface DataChoice {
  /** Id of a data set, or a folder of pictures. Default: what the configuration says. */
  readonly name?: string;
  readonly dir?: string;
  readonly config?: string;
  readonly set?: readonly string[];
}

/** A data set that was chosen on the command line, or by a configuration. */
export interface ChosenData {
  readonly host: Host;
  readonly config: Pick<ResolvedConfig, 'data'>;
  readonly parts: ReturnType<typeof findData>;
  // biome-ignore lint/suspicious/noExplicitAny: every data set brings an option type of its own
  readonly dataset: Dataset<any>;
  readonly dataDir: string;
  /** Opens it; `afresh` reads every file. */
  open(report: (line: string) => void, afresh?: boolean): Promise<OpenDataset>;
}

/**
 * Finds a data set with its options.
 *
 * @throws LimbeckError USAGE, UNKNOWN_ID, UNKNOWN_OPTION
 */
export async function openChosenData(
  io: Io,
  { name, dir, config, set = [] }: DataChoice,
): Promise<ChosenData> {
  const isThere = config !== undefined || (await hasConfig(io.cwd));
  if (name === undefined && !isThere) {
    throw new LimbeckError('USAGE', 'no data set is named, and there is no configuration here', {
      hint: "name one: 'limbeck data stats cifar100', or a folder of pictures; 'limbeck data list' shows what there is",
    });
  }
  const opened = isThere ? await openConfig({ ...(config && { config }), set }, io.cwd) : undefined;
  const host = await openHost(opened);
  const own = opened?.config;
  const resolved =
    own !== undefined && (name === undefined || own.data.use === name)
      ? own
      : resolveConfig([
          {
            source: 'the command line',
            // a configuration is complete with a model and epochs, which nothing here reads
            value: {
              data: await useOf(name!, host, io.cwd),
              student: { use: 'resnet8' },
              train: { epochs: 1 },
            },
          },
          ...set.map(parseSet),
        ]).config;
  const parts = findData(resolved, host);
  const dataDir = dataFolder(dir ?? resolved.data.dir ?? own?.data.dir, io);
  return {
    host,
    config: resolved,
    parts,
    dataset: parts.dataset.contribution,
    dataDir,
    open: (report, afresh = false) =>
      parts.dataset.contribution.open(parts.dataset.options, {
        dataDir,
        cacheDir: dataCache(dataDir),
        report,
        afresh,
      }),
  };
}

async function useOf(name: string, host: Host, cwd: string): Promise<{ use: string; path?: string }> {
  if (host.list('datasets').some(({ id }) => id === name)) return { use: name };
  const folder = path.resolve(cwd, name);
  const found = await stat(folder).catch(() => undefined);
  return found?.isDirectory() ? { use: 'image-folder', path: folder } : { use: name };
}
