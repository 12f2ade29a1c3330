import type { TfjsPackage } from '../setup/home.js';
import { lastLines, type RunCommand } from './command.js';

/** What the native library says about itself. */
export interface Probe {
  /** Version of tfjs-node. */
  readonly version: string;
  /** Version of TensorFlow's library. */
  readonly tensorflow: string;
  /** True where it computes on a GPU. */
  readonly gpu: boolean;
  /** True for the build that could. */
  readonly gpuPackage: boolean;
}

/** As users know it: `tfjs-node 4.22.0, TensorFlow 2.15.1`. */
export const nameOf = (name: TfjsPackage, version: string, tensorflow: string): string =>
  `${name.replace('@tensorflow/', '')} ${version}, TensorFlow ${tensorflow}`;

/** Adds two numbers by the library and says what it is, as JSON. */
const script = `
process.env.TF_CPP_MIN_LOG_LEVEL = '2';
const util = require('util');
util.isNullOrUndefined ??= (value) => value == null;
const tf = require(process.argv[1]);
const [three] = tf.add([1], [2]).dataSync();
if (three !== 3) throw new Error('1 + 2 is ' + three);
const { binding, isGPUPackage = false, isUsingGpuDevice = false } = tf.backend();
const version = tf.version['tfjs-node'] ?? tf.version['tfjs-node-gpu'] ?? tf.version.tfjs;
const gpu = isGPUPackage && isUsingGpuDevice;
console.log('\\n' + JSON.stringify({ version, tensorflow: binding.TF_Version, gpu, gpuPackage: isGPUPackage }));
`;

/**
 * Loads tfjs-node in a process of its own, since a library that does not fit may take the process with it, and since
 * one that does would fix the number of threads here.
 *
 * @param target the package's folder or the file to load
 */
export async function probe(run: RunCommand, target: string): Promise<Probe | { readonly fault: string }> {
  const result = await run(process.execPath, ['-e', script, target]);
  if (result.status === 0) return JSON.parse(result.stdout.trim().split('\n').at(-1)!) as Probe;
  const said = result.stderr.split('\n').find((line) => /^(\w*Error|.*: symbol lookup error): /.test(line));
  return { fault: said?.trim() ?? lastLines(result, 1) };
}
