import { FormatError } from '../errors.js';
import { isNpy } from '../numpy/header.js';
import { looksLikeOnnx } from '../onnx/looks-like.js';
import { isLegacyCheckpoint } from '../torch/read-legacy.js';
import { isZip, openZip } from '../zip/read.js';
import type { WeightsFormat } from './file.js';
import { isIndex } from './index-file.js';
import { refuseOtherKinds } from './recognise.js';

/**
 * Tells by its bytes what a file of weights or a model is; names do not count, but in what is said of a file that is none.
 * A JSON index of shards is `safetensors`, whatever its shards are.
 *
 * @throws FormatError BAD_FILE naming what it is instead, and what to do with that
 */
export function formatOf(bytes: Uint8Array, source: string): WeightsFormat {
  if (isNpy(bytes)) return 'npy';
  if (isLegacyCheckpoint(bytes)) return 'pth';
  refuseOtherKinds(bytes, source);
  if (isZip(bytes)) {
    return openZip(bytes, source).names.some((name) => name.endsWith('/data.pkl')) ? 'pth' : 'npz';
  }
  // a header of less than 4 GiB, which is JSON
  if (bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0)) return 'safetensors';
  if (isIndex(bytes)) return 'safetensors';
  if (looksLikeOnnx(bytes)) return 'onnx';
  if (isPickle(bytes)) {
    throw new FormatError('BAD_FILE', `${source} is a pickle, but no checkpoint of PyTorch`, {
      hint: 'in Python, save only the weights: torch.save(model.state_dict(), FILE)',
      details: { source },
    });
  }
  if (/\.onnx$/i.test(source)) return 'onnx';
  if (/\.(pth?|bin|ckpt|tar|npz|npy)$/i.test(source)) {
    const start = new TextDecoder('latin1').decode(bytes.subarray(0, 16)).replace(/[^ -~]/g, '.');
    throw new FormatError(
      'BAD_FILE',
      `${source} is neither a checkpoint of PyTorch nor of NumPy: it begins '${start}'`,
      { hint: 'fetch or copy the file again', details: { source } },
    );
  }
  return 'safetensors';
}

/** Protocol 2 and later say so first. */
const isPickle = (bytes: Uint8Array): boolean => bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5;
