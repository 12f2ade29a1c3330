import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LimbeckError } from '@limbeck/core';
import { lastLines, nodeFolder, nodeGyp, npmCommand, type RunCommand } from '../session/command.js';
import type { SetupOptions } from './options.js';

/**
 * Checks what a build needs.
 *
 * @throws LimbeckError PRECONDITION naming what is missing
 */
export async function checkTools(run: RunCommand): Promise<void> {
  const compiler = process.env.CXX ?? 'c++';
  for (const [tool, hint] of [
    [compiler, 'install a C++ compiler (Debian: apt install g++), or name one in CXX'],
    ['make', 'install make (Debian: apt install make)'],
  ] as const) {
    const { status } = await run(tool, ['--version']);
    if (status !== 0) throw new LimbeckError('PRECONDITION', `'${tool}' was not found`, { hint });
  }
  const headers = path.join(nodeFolder(), 'include', 'node', 'node_api.h');
  if (existsSync(headers)) return;
  throw new LimbeckError('PRECONDITION', `Node's headers were not found: there is no ${headers}`, {
    hint: 'name the folder of a Node installation with include/node in npm_config_nodedir',
  });
}

/** The folder of the package inside {@link SetupOptions.home}. */
export const packageFolder = ({ home, tfjs }: SetupOptions): string =>
  path.join(home, 'node_modules', ...tfjs.split('/'));

/** Installs tfjs-node into a folder of its own, without the vendor's download. */
export async function installTfjs(run: RunCommand, options: SetupOptions): Promise<void> {
  const { home, tfjs, tfjsVersion } = options;
  await mkdir(home, { recursive: true });
  const manifest = { private: true, dependencies: { [tfjs]: tfjsVersion } };
  await writeFile(path.join(home, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const [npm, ...args] = npmCommand();
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--prefix', home];
  const result = await run(npm, [...args, 'install', ...flags], { cwd: home });
  if (result.status === 0) return;
  throw new LimbeckError(
    'DOWNLOAD_FAILED',
    `npm cannot install ${tfjs}@${tfjsVersion}:\n${lastLines(result)}`,
    {
      hint: 'check the network and the settings of npm, which are used as they are',
    },
  );
}

/**
 * Links TensorFlow's libraries and headers to where the binding looks for those of the vendor's download.
 *
 * @param library folder with `include` and `lib`
 */
export async function linkLibrary(library: string, options: SetupOptions): Promise<void> {
  const deps = path.join(packageFolder(options), 'deps');
  await rm(deps, { recursive: true, force: true });
  await mkdir(path.join(deps, 'lib'), { recursive: true });
  await symlink(path.join(library, 'include'), path.join(deps, 'include'));
  const names = await readdir(path.join(library, 'lib'));
  for (const [prefix, aliases] of [
    ['libtensorflow_cc.so', ['libtensorflow_cc.so.2', 'libtensorflow.so.2', 'libtensorflow.so']],
    ['libtensorflow_framework.so', ['libtensorflow_framework.so.2', 'libtensorflow_framework.so']],
  ] as const) {
    const file = names.find((name) => name.startsWith(prefix));
    if (file === undefined) {
      throw new LimbeckError(
        'NOT_FOUND',
        `${options.wheel} ${options.tensorflowVersion} holds no ${prefix}`,
        {
          hint: 'choose a version from 2.12 on with --tensorflow',
        },
      );
    }
    for (const alias of aliases)
      await symlink(path.join(library, 'lib', file), path.join(deps, 'lib', alias));
  }
}

/** Compiles the binding. */
export async function buildBinding(run: RunCommand, options: SetupOptions): Promise<void> {
  const tool = path.join(options.home, 'node_modules', '@mapbox', 'node-pre-gyp', 'bin', 'node-pre-gyp');
  const gyp = nodeGyp();
  const env = {
    npm_config_nodedir: nodeFolder(),
    ...(gyp === undefined ? {} : { npm_config_node_gyp: gyp }),
  };
  const cwd = packageFolder(options);
  const result = await run(process.execPath, [tool, 'install', '--build-from-source'], { cwd, env });
  if (result.status === 0) return;
  const errors = result.stderr
    .split('\n')
    .filter((line) => /error/i.test(line))
    .slice(0, 8);
  throw new LimbeckError('BACKEND_FAILED', `the binding cannot be compiled:\n${errors.join('\n')}`, {
    hint: 'a compiler of the last years with C++17 is needed; another version may do: --tensorflow',
    details: { said: lastLines(result, 40) },
  });
}
