import type { ReadOptions } from '../errors.js';
import { PickleDict, type PickleValue } from '../pickle/values.js';
import type { WeightsFile } from '../weights/file.js';
import { isZip } from '../zip/read.js';
import { readLegacyCheckpoint } from './read-legacy.js';
import { readZipCheckpoint } from './read-zip.js';
import { findStateDict } from './state-dict.js';
import { denseTensors } from './tensors.js';
import { metadataAttribute } from './write.js';

export interface TorchReadOptions extends ReadOptions {
  /** The entry whose tensors are wanted where a checkpoint holds several models: `student`. */
  readonly entry?: string;
}

/**
 * Reads a checkpoint of PyTorch (`.pth`, `.pt`, `.bin`): a state dict, or one among other entries, in either form of
 * `torch.save`. Its pickle is run by a machine that knows tensors and plain data and nothing else, so that no code of the
 * file is ever run. Tensors are views of `bytes` where they lie densely: do not write to either.
 *
 * Other entries (`epoch`, `best_acc`, `optimizer`) are metadata, in words.
 *
 * @throws FormatError BAD_FILE where the pickle asks for anything but plain data (its name is in the message), where a part is
 * damaged or missing, or where there is no state dict
 */
export function readTorch(bytes: Uint8Array, options: TorchReadOptions = {}): WeightsFile {
  const source = options.source ?? 'PyTorch data';
  const root = isZip(bytes) ? readZipCheckpoint(bytes, source) : readLegacyCheckpoint(bytes, source);
  const { tensors, others } = findStateDict(root, source, options.entry);
  const metadata: Record<string, string> = Object.create(null);
  for (const [name, text] of [...others, ...writtenMetadata(root)]) metadata[name] = text;
  return { format: 'pth', tensors: denseTensors(tensors, bytes.byteLength, source), metadata };
}

/** What {@link writeTorch} hung on the state dict. */
function writtenMetadata(root: PickleValue): [string, string][] {
  const written = root instanceof PickleDict ? root.attributes?.get(metadataAttribute) : undefined;
  if (!(written instanceof PickleDict)) return [];
  return [...written.entries].filter(
    (entry): entry is [string, string] => typeof entry[0] === 'string' && typeof entry[1] === 'string',
  );
}
