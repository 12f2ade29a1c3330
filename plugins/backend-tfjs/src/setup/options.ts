import { parseArgs } from 'node:util';
import { LimbeckError } from '@limbeck/core';
import { type TfjsPackage, tfjsHome } from './home.js';

/** What is built. */
export interface SetupOptions {
  /** Where it goes. */
  readonly home: string;
  /** The package of tfjs with the native binding. */
  readonly tfjs: TfjsPackage;
  readonly tfjsVersion: string;
  /** The package of the Python index that holds TensorFlow's library. */
  readonly wheel: 'tensorflow-cpu' | 'tensorflow';
  readonly tensorflowVersion: string;
  /** Build anew even where all is there. */
  readonly force: boolean;
}

/** The last version whose library and headers were tried with the binding of {@link tfjsVersion}. */
export const tensorflowVersion = '2.15.1';

/** The last version of tfjs-node there is. */
export const tfjsVersion = '4.22.0';

export const usage = `usage: npm run setup:tfjs [-- OPTIONS]

Sets up the TensorFlow backend: takes TensorFlow's library from its Python package, and builds the binding of
tfjs-node against it. Needs Python with pip, a C++ compiler with make, and Node's own headers. About 0.6 GB.

  --tensorflow VERSION  version of TensorFlow (default ${tensorflowVersion}; from 2.12 on)
  --cuda                the CUDA build with tfjs-node-gpu, which has not been tried on hardware yet
  --tfjs VERSION        version of tfjs-node (default ${tfjsVersion})
  --home FOLDER         where it goes (default $LIMBECK_TFJS_HOME, or limbeck/tfjs in the user's cache folder)
  --force               build anew even where all is there
`;

/** @throws LimbeckError CONFIG_INVALID */
export function checkVersion(what: string, version: string): void {
  if (/^\d+\.\d+\.\d+([.a-z]\w*)*$/.test(version)) return;
  throw new LimbeckError('CONFIG_INVALID', `${what}: '${version}' is no version`, {
    hint: 'write three numbers, as 2.15.1',
  });
}

/** @throws LimbeckError USAGE, or CONFIG_INVALID for a version that is none */
export function readOptions(
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): SetupOptions | 'help' {
  const { values } = parse(args);
  if (values.help) return 'help';
  checkVersion('--tensorflow', values.tensorflow);
  checkVersion('--tfjs', values.tfjs);
  return {
    home: values.home ?? tfjsHome(env),
    tfjs: values.cuda ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node',
    tfjsVersion: values.tfjs,
    wheel: values.cuda ? 'tensorflow' : 'tensorflow-cpu',
    tensorflowVersion: values.tensorflow,
    force: values.force,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        tensorflow: { type: 'string', default: tensorflowVersion },
        tfjs: { type: 'string', default: tfjsVersion },
        cuda: { type: 'boolean', default: false },
        home: { type: 'string' },
        force: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (cause) {
    throw new LimbeckError('USAGE', (cause as Error).message, { hint: 'see --help', cause });
  }
}
