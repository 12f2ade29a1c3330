import { FormatError, type ReadOptions } from '../errors.js';
import { readNpy, readNpz } from '../numpy/read.js';
import { decodeOnnx } from '../onnx/decode.js';
import { openSafetensors } from '../safetensors/read.js';
import { readTorch, torchEntries } from '../torch/read.js';
import type { FileTensor, WeightsFile, WeightsFormat } from './file.js';
import { formatOf } from './format.js';
import { type Beside, isIndex, readIndex } from './index-file.js';

/** How {@link openWeights} reads a file. */
export interface OpenWeightsOptions extends ReadOptions {
  /**
   * The part that is wanted where a file holds several models: an entry of a checkpoint of PyTorch, or what the names of the
   * part begin with, up to a dot.
   */
  readonly entry?: string | undefined;
  /** Reads files beside this one, which indices of shards name. */
  readonly beside?: Beside | undefined;
}

/**
 * Opens a file of weights, which need not be trusted, whatever its format: it is told by the bytes and not by a name.
 *
 * @throws FormatError BAD_FILE
 */
export function openWeights(bytes: Uint8Array, options: OpenWeightsOptions = {}): WeightsFile {
  const source = options.source ?? 'weights';
  const format = formatOf(bytes, source);
  if (format === 'pth') return readTorch(bytes, options);
  const opened = isIndex(bytes)
    ? readIndex(bytes, { source, beside: options.beside, open: openShard })
    : openWhole(bytes, format, options);
  return options.entry === undefined ? opened : part(opened, options.entry, source);
}

/**
 * The parts of a file that `entry` may name, where it holds several models; one where it does not, `''` for the file itself.
 *
 * @throws FormatError BAD_FILE
 */
export function weightsEntries(bytes: Uint8Array, options: ReadOptions = {}): readonly string[] {
  return formatOf(bytes, options.source ?? 'weights') === 'pth' ? torchEntries(bytes, options) : [''];
}

const openShard = (bytes: Uint8Array, source: string): WeightsFile => {
  const format = formatOf(bytes, source);
  return format === 'pth' ? readTorch(bytes, { source }) : openWhole(bytes, format, { source });
};

function openWhole(
  bytes: Uint8Array,
  format: Exclude<WeightsFormat, 'pth'>,
  options: OpenWeightsOptions,
): WeightsFile {
  const source = options.source ?? 'weights';
  switch (format) {
    case 'npz':
      return readNpz(bytes, options);
    case 'npy':
      return readNpy(bytes, options);
    case 'onnx':
      return initializers(bytes, source);
    case 'safetensors':
      return openSafetensors(bytes, options);
  }
}

/** The weights of an ONNX model: its initialisers, by name. */
function initializers(bytes: Uint8Array, source: string): WeightsFile {
  const { graph, metadata } = decodeOnnx(bytes, { source });
  const tensors = new Map<string, FileTensor>();
  for (const { name, ...tensor } of graph.initializers) {
    if (tensors.has(name)) {
      throw new FormatError('BAD_FILE', `${source}: the initialiser '${name}' occurs twice`, {
        details: { source },
      });
    }
    tensors.set(name, tensor);
  }
  return { format: 'onnx', tensors, metadata };
}

/** The tensors whose names begin with an entry, without that beginning. */
function part(whole: WeightsFile, entry: string, source: string): WeightsFile {
  const prefix = `${entry}.`;
  const tensors = new Map(
    [...whole.tensors].flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor] as const] : [],
    ),
  );
  if (tensors.size > 0) return { ...whole, entry, tensors };
  const there = [...new Set([...whole.tensors.keys()].map((name) => name.split('.')[0]!))];
  throw new FormatError('BAD_FILE', `${source}: no names begin with '${prefix}'`, {
    hint: `they begin with ${there.slice(0, 20).join(', ')}`,
    details: { source },
  });
}
