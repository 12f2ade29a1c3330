import path from 'node:path';
import { isLimbeckError, LimbeckError } from '@limbeck/core';
import type { InstallOptions } from '@limbeck/core/backend';
import { type RunCommand, runCommand } from '../session/command.js';
import { nameOf, probe } from '../session/probe.js';
import { type FoundPackage, findPackage } from '../session/runtime.js';
import { packageNames, tfjsHome } from './home.js';
import { checkVersion, tensorflowVersion, tfjsVersion } from './options.js';
import { setupTfjs } from './setup.js';

/** A package that is installed outside the folders of this setup: the vendor's way. */
function vendorsPackage(...homes: readonly string[]): FoundPackage | undefined {
  try {
    const found = findPackage();
    const ours = homes.some((home) => found.file.startsWith(`${path.resolve(home)}${path.sep}`));
    return ours ? undefined : found;
  } catch (error) {
    if (isLimbeckError(error)) return undefined;
    throw error;
  }
}

/**
 * Installs tfjs-node with TensorFlow's library, or says that it is there. What the vendor's installation brought is used
 * as it is.
 *
 * @returns the runtime with its version
 * @throws LimbeckError what {@link setupTfjs} throws; BACKEND_UNSUPPORTED for a device that has no build;
 * BACKEND_FAILED where the vendor's installation is there and does not load
 */
export async function install(
  { version = tensorflowVersion, device = 'cpu', folder = tfjsHome(), force = false }: InstallOptions,
  say: (line: string) => void,
  run: RunCommand = runCommand,
): Promise<string> {
  if (device !== 'cpu' && device !== 'cuda') {
    throw new LimbeckError('BACKEND_UNSUPPORTED', `there is no build of TensorFlow's library for ${device}`, {
      hint: "take 'cpu' or 'cuda'",
    });
  }
  checkVersion('version of TensorFlow', version);
  const cuda = device === 'cuda';
  const [gpuPackage, cpuPackage] = packageNames;
  const vendors = force ? undefined : vendorsPackage(folder, tfjsHome());
  if (vendors !== undefined && !(cuda && vendors.name === cpuPackage)) {
    const trial = await probe(run, vendors.file);
    const where = `${vendors.name} in ${path.dirname(vendors.file)}`;
    if ('fault' in trial) {
      throw new LimbeckError(
        'BACKEND_FAILED',
        `${where} is found first and cannot be loaded: ${trial.fault}`,
        {
          hint: `npm rebuild ${vendors.name}, or npm uninstall ${vendors.name} and try again`,
        },
      );
    }
    say(`${where} works and is used as it is`);
    return nameOf(vendors.name, trial.version, trial.tensorflow);
  }
  const tfjs = cuda ? gpuPackage : cpuPackage;
  const home = path.resolve(folder);
  const library = await setupTfjs(
    {
      home,
      tfjs,
      tfjsVersion,
      wheel: cuda ? 'tensorflow' : 'tensorflow-cpu',
      tensorflowVersion: version,
      force,
    },
    { run, say, platform: process.platform },
  );
  if (home !== tfjsHome()) say(`it is found there with LIMBECK_TFJS_HOME=${home}`);
  if (cuda) say('a GPU needs its driver, CUDA 12 and cuDNN 8 besides; see: limbeck doctor');
  return nameOf(tfjs, tfjsVersion, library);
}
