import type { ReadOptions } from '../errors.js';
import { PickleDict, type PickleValue } from '../pickle/values.js';
import type { WeightsFile } from '../weights/file.js';
import { isZip } from '../zip/read.js';
import { readLegacyCheckpoint } from './read-legacy.js';
import { readZipCheckpoint } from './read-zip.js';
import { findStateDict, stateDicts } from './state-dict.js';
import { denseTensors } from './tensors.js';
import { metadataAttribute } from './write.js';

/** How {@link readTorch} reads a checkpoint. */
export interface TorchReadOptions extends ReadOptions {
  /** The entry whose tensors are wanted where a checkpoint holds several models: `student`. */
  readonly entry?: string | undefined;
}

/**
 * Reads a checkpoint of PyTorch (`.pth`, `.pt`, `.bin`): a state dict, or one among other entries, in either form of
 * `torch.save`. Its pickle is run by a machine that knows tensors and plain data and nothing else, so that no code of the
 * file is ever run: other objects are opaque, and so is whatever is made with them. Tensors are views of `bytes` where they lie densely: do not write to either.
 *
 * Other entries (`epoch`, `best_acc`, `optimizer`) are metadata, in words.
 *
 * @throws FormatError BAD_FILE where a part is damaged or missing, where there is no state dict of plain data, or where there are
 * several and none is named
 */
export function readTorch(bytes: Uint8Array, options: TorchReadOptions = {}): WeightsFile {
  const source = options.source ?? 'PyTorch data';
  const root = readRoot(bytes, source);
  const { entry, tensors, others, unread } = findStateDict(root, source, options.entry);
  const metadata: Record<string, string> = Object.create(null);
  for (const [name, text] of [...others, ...writtenMetadata(root)]) metadata[name] = text;
  return {
    format: 'pth',
    tensors: denseTensors(tensors, bytes.byteLength, source),
    ...(entry !== '' && { entry }),
    ...(unread.length > 0 && { unread: new Map(unread) }),
    metadata,
  };
}

/** The state dicts of a checkpoint by path, those of training left out; `''` is the checkpoint itself. */
export function torchEntries(bytes: Uint8Array, options: ReadOptions = {}): readonly string[] {
  const source = options.source ?? 'PyTorch data';
  return [...stateDicts(readRoot(bytes, source)).keys()];
}

const readRoot = (bytes: Uint8Array, source: string): PickleValue =>
  isZip(bytes) ? readZipCheckpoint(bytes, source) : readLegacyCheckpoint(bytes, source);

/** What {@link writeTorch} hung on the state dict. */
function writtenMetadata(root: PickleValue): [string, string][] {
  const written = root instanceof PickleDict ? root.attributes?.get(metadataAttribute) : undefined;
  if (!(written instanceof PickleDict)) return [];
  return [...written.entries].filter(
    (entry): entry is [string, string] => typeof entry[0] === 'string' && typeof entry[1] === 'string',
  );
}
