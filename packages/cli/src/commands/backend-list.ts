import { diagnoseBackends } from '@limbeck/compose';
import { openHostHere } from '../config/open-config.js';
import type { Io } from '../io.js';
import { backendTable } from '../output/backend-table.js';
import { print, printJson } from '../output/print.js';

/** `limbeck backend list`: every backend, the devices it works on here, and what would make the others work. */
export async function backendList(
  io: Io,
  { config, json }: { readonly config?: string; readonly json?: boolean },
): Promise<void> {
  const { host } = await openHostHere(config, io.cwd);
  try {
    const diagnosis = await diagnoseBackends(host);
    if (json) {
      printJson(io, diagnosis);
      return;
    }
    for (const { id, description } of diagnosis.backends) print(io, `${id}: ${description}`);
    print(io, '', backendTable(diagnosis.devices).trimEnd());
  } finally {
    await host.dispose();
  }
}
