import { LimbeckError } from '@limbeck/core';
import type { Device, InstallOptions } from '@limbeck/core/backend';
import { openHostHere } from '../config/open-config.js';
import type { Io } from '../io.js';
import { print, printJson } from '../output/print.js';

export interface BackendInstallOptions {
  readonly name: string;
  readonly cuda?: boolean;
  readonly runtimeVersion?: string;
  readonly dir?: string;
  readonly force?: boolean;
  readonly config?: string;
  readonly json?: boolean;
}

/** `limbeck backend install NAME`: brings the runtime of a backend onto this machine. Does nothing where it works. */
export async function backendInstall(io: Io, options: BackendInstallOptions): Promise<void> {
  const { name, cuda, runtimeVersion, dir, force, config, json } = options;
  const { host } = await openHostHere(config, io.cwd);
  try {
    const backend = host.get('backends', name);
    if (backend.install === undefined) {
      throw new LimbeckError('USAGE', `backend '${name}' has nothing to install`, {
        hint: "'limbeck backend list' says what works here and what would change the rest",
      });
    }
    const wanted: InstallOptions = {
      device: (cuda ? 'cuda' : 'cpu') satisfies Device,
      version: runtimeVersion,
      folder: dir,
      force: force === true,
    };
    const runtime = await backend.install(wanted, (line) => {
      if (json) io.stderr.write(`${line}\n`);
      else print(io, line);
    });
    if (json) printJson(io, { backend: name, runtime });
    else print(io, `backend ${name}: ${runtime}`);
  } finally {
    await host.dispose();
  }
}
