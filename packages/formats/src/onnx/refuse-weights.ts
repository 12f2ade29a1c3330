import { FormatError } from '../errors.js';
import { isNpy } from '../numpy/header.js';
import { isLegacyCheckpoint } from '../torch/read-legacy.js';
import { refuseOtherKinds } from '../weights/recognise.js';
import { isZip, openZip } from '../zip/read.js';

/** What weights without a model are kept in, by bytes alone. */
function weightsKind(bytes: Uint8Array, source: string): string | undefined {
  if (isLegacyCheckpoint(bytes)) return 'a checkpoint of PyTorch';
  if (isNpy(bytes)) return 'an array of NumPy';
  if (isZip(bytes)) {
    const { names } = openZip(bytes, source);
    return names.some((name) => name.endsWith('/data.pkl'))
      ? 'a checkpoint of PyTorch'
      : 'an archive of NumPy';
  }
  const isSafetensors = bytes[8] === 0x7b && bytes.subarray(2, 8).every((byte) => byte === 0);
  return isSafetensors ? 'safetensors weights' : undefined;
}

/**
 * Refuses what holds weights without a model, and what is neither.
 *
 * @throws FormatError BAD_FILE
 */
export function refuseWeightsAlone(bytes: Uint8Array, source: string): void {
  refuseOtherKinds(bytes, source);
  const kind = weightsKind(bytes, source);
  if (kind === undefined) return;
  throw new FormatError('BAD_FILE', `${source}: this is ${kind}, not an ONNX model`, {
    hint: 'weights without a model belong to a backbone: use: ID, weights: FILE',
    details: { source },
  });
}
