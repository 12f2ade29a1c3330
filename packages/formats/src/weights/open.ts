import { FormatError, type ReadOptions } from '../errors.js';
import { isNpy } from '../numpy/header.js';
import { readNpy, readNpz } from '../numpy/read.js';
import { decodeOnnx } from '../onnx/decode.js';
import { openSafetensors } from '../safetensors/read.js';
import { readTorch } from '../torch/read.js';
import { isLegacyCheckpoint } from '../torch/read-legacy.js';
import { isZip, openZip } from '../zip/read.js';
import type { FileTensor, WeightsFile, WeightsFormat } from './file.js';

export interface OpenWeightsOptions extends ReadOptions {
  /** The entry whose tensors are wanted where a checkpoint of PyTorch holds several models. */
  readonly entry?: string;
}

/**
 * Opens a file of weights, which need not be trusted, whatever its format: it is told by the bytes and not by a name. Only
 * ONNX has no mark of its own: what is nothing else is taken for it where `source` ends in `.onnx`.
 *
 * @throws FormatError BAD_FILE
 */
export function openWeights(bytes: Uint8Array, options: OpenWeightsOptions = {}): WeightsFile {
  const source = options.source ?? 'weights';
  const format = formatOf(bytes, source);
  if (options.entry !== undefined && format !== 'pth') {
    throw new FormatError('BAD_FILE', `${source} holds one model, so that there is no entry to take`, {
      details: { source },
    });
  }
  switch (format) {
    case 'pth':
      return readTorch(bytes, options);
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

function formatOf(bytes: Uint8Array, source: string): WeightsFormat {
  if (isNpy(bytes)) return 'npy';
  if (isLegacyCheckpoint(bytes)) return 'pth';
  if (isZip(bytes))
    return openZip(bytes, source).names.some((name) => name.endsWith('/data.pkl')) ? 'pth' : 'npz';
  // a header of less than 4 GiB, which is JSON
  if (bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0)) return 'safetensors';
  if (/\.onnx$/i.test(source)) return 'onnx';
  if (isPickle(bytes)) {
    throw new FormatError('BAD_FILE', `${source} is a pickle, but no checkpoint of PyTorch`, {
      hint: 'in Python, save only the weights: torch.save(model.state_dict(), FILE)',
      details: { source },
    });
  }
  if (/\.(pth?|bin|ckpt|tar|npz|npy)$/i.test(source)) {
    const start = new TextDecoder('latin1').decode(bytes.subarray(0, 16)).replace(/[^ -~]/g, '.');
    throw new FormatError(
      'BAD_FILE',
      `${source} is neither a checkpoint of PyTorch nor of NumPy: it begins '${start}'`,
      {
        hint: start.startsWith('<')
          ? 'this looks like a web page: fetch the file itself'
          : 'fetch or copy the file again',
        details: { source },
      },
    );
  }
  return 'safetensors';
}

/** Protocol 2 and later say so first. */
const isPickle = (bytes: Uint8Array): boolean => bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5;

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
