import { dataFolder } from '@limbeck/compose';
import { openHostHere } from '../config/open-config.js';
import { findDatasets } from '../find-datasets.js';
import type { Io } from '../io.js';
import { bytes } from '../output/numbers.js';
import { print, printJson } from '../output/print.js';
import { table } from '../output/table.js';

/** `limbeck data list`: the data sets there are, and whether they are here. */
export async function dataList(
  io: Io,
  { dir, config, json }: { readonly dir?: string; readonly config?: string; readonly json?: boolean },
): Promise<void> {
  const { host, configured } = await openHostHere(config, io.cwd);
  try {
    const dataDir = dataFolder(dir ?? configured?.data.dir, io);
    const datasets = await findDatasets(host, dataDir);
    if (json) {
      printJson(io, { dataDir, datasets });
      return;
    }
    const columns = [
      { head: 'data set' },
      { head: 'here' },
      { head: 'download', align: 'right' as const },
      { head: '' },
    ];
    const rows = datasets.map(({ id, found, size, description }) => [
      id,
      found ? 'yes' : 'no',
      size === 0 ? 'bundled' : bytes(size),
      description,
    ]);
    print(io, table(columns, rows), `folder: ${dataDir}`);
  } finally {
    await host.dispose();
  }
}
