import { dataFolder } from '@limbeck/compose';
import { openHostHere } from '../config/open-config.js';
import type { Io } from '../io.js';
import { print, printJson } from '../output/print.js';
import { fetchProgress } from '../render/fetch-progress.js';

export interface DataFetchOptions {
  readonly name: string;
  readonly dir?: string;
  readonly baseUrl?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** `limbeck data fetch NAME`: downloads what a data set publishes; goes on where an earlier attempt stopped. */
export async function dataFetch(io: Io, options: DataFetchOptions): Promise<void> {
  const { name, dir, baseUrl, config, json } = options;
  const { fetchDataset } = await import('@limbeck/data');
  const { host, configured } = await openHostHere(config, io.cwd);
  const interruption = new AbortController();
  const stop = () => interruption.abort();
  const progress = json ? undefined : fetchProgress(io);
  io.signals.on('SIGINT', stop);
  try {
    const dataset = host.get('datasets', name);
    const dataDir = dataFolder(dir ?? configured?.data.dir, io);
    const files = await fetchDataset(dataset, {
      dataDir,
      signal: interruption.signal,
      baseUrl,
      onProgress: progress?.report,
    });
    progress?.close();
    if (json) printJson(io, { dataset: name, dataDir, files });
    else if (files.length === 0) print(io, `${name} comes with its plugin: there is nothing to fetch`);
    else
      print(
        io,
        ...files.map(({ path, status }) => `${status === 'present' ? 'already there' : 'fetched'}: ${path}`),
      );
  } finally {
    progress?.close();
    io.signals.off('SIGINT', stop);
    await host.dispose();
  }
}
