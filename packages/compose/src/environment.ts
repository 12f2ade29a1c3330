import { execFile } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import type { ComputeBackend } from '@limbeck/core/backend';
import { coreVersion, type Host } from '@limbeck/core/host';

/** Where a run took place: what may explain that its numbers differ from another's. */
export interface Environment {
  readonly limbeck: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly plugins: Readonly<Record<string, string>>;
  /** Runtimes of the backends in use, with their versions. */
  readonly backends: Readonly<Record<string, string>>;
  /** Of the project the command ran in, where that is a git repository. */
  readonly git?: { readonly commit: string; readonly changed: boolean };
  readonly started: string;
}

/** Describes the machine, the versions and the repository. */
export async function describeEnvironment(
  host: Host,
  cwd: string,
  backends: Iterable<ComputeBackend>,
): Promise<Environment> {
  const processors = cpus();
  const [git, runtimes] = await Promise.all([
    describeGit(cwd),
    Promise.all([...new Set(backends)].map(runtimeOf)),
  ]);
  return {
    limbeck: coreVersion,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    plugins: Object.fromEntries(host.plugins.map((plugin) => [plugin.name, plugin.version ?? plugin.origin])),
    backends: Object.fromEntries(runtimes),
    git,
    started: new Date().toISOString(),
  };
}

async function runtimeOf(backend: ComputeBackend): Promise<[id: string, runtime: string]> {
  if (backend.runtime !== undefined) {
    // what devices can do was asked where one was chosen; asking again takes seconds
    const unavailable = (error: unknown) =>
      `not available: ${error instanceof Error ? error.message : String(error)}`;
    return [backend.id, await backend.runtime().catch(unavailable)];
  }
  const capabilities = await backend.capabilities();
  return [
    backend.id,
    capabilities.available ? capabilities.runtime : `not available: ${capabilities.reason}`,
  ];
}

async function describeGit(cwd: string): Promise<Environment['git']> {
  const commit = await git(cwd, 'rev-parse', 'HEAD');
  if (commit === undefined) return undefined;
  const status = await git(cwd, 'status', '--porcelain', '--untracked-files=no');
  return { commit, changed: status !== '' };
}

/** What git says; nothing where there is no git or no repository. */
function git(cwd: string, ...args: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('git', args, { cwd, timeout: 5000 }, (error, stdout) => {
      resolve(error === null ? stdout.trim() : undefined);
    });
  });
}
