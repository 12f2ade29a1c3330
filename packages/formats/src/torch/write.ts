import { stridesOf } from '@limbeck/graph';
import { bytesOf, checkTensor, type ElementArray } from '../element-types.js';
import { FormatError } from '../errors.js';
import { isUnicode } from '../json.js';
import { op } from '../pickle/opcodes.js';
import { PickleWriter } from '../pickle/writer.js';
import type { FileTensor } from '../weights/file.js';
import { writeZip } from '../zip/write.js';
import { storageTypes } from './storage.js';

/** The attribute of the state dict that holds the metadata; PyTorch passes over it. */
export const metadataAttribute = 'limbeck_metadata';

const folder = 'archive';
const storageNames = new Map(
  Object.entries(storageTypes)
    .filter(([name]) => name !== 'torch.storage.UntypedStorage')
    .map(([name, dtype]) => [dtype, name.replace('torch.', '')]),
);

/**
 * Writes a checkpoint that `torch.load(FILE)` gives back as a plain state dict, `weights_only=True` included: a zip archive,
 * uncompressed, with a pickle of protocol 2. Metadata become an attribute of the state dict. Names that share one array
 * share their storage. The same tensors in the same order give the same bytes.
 *
 * @throws FormatError BAD_DATA for unsigned integers wider than a byte, for a name twice, for a file of 4 GiB
 */
export function writeTorch(
  tensors: Iterable<readonly [string, FileTensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const pickle = new PickleWriter();
  const storages = new Map<ElementArray, string>();
  const named = new Set<string>();
  orderedDict(pickle);
  pickle.put(op.MARK);
  for (const [name, tensor] of tensors) {
    if (named.has(name)) throw new FormatError('BAD_DATA', `the tensor name '${name}' occurs twice`);
    named.add(name);
    checkText(name, 'the tensor name');
    checkTensor(name, tensor);
    pickle.text(name);
    writeTensor(pickle, name, tensor, storages);
  }
  pickle.put(op.SETITEMS);
  writeMetadata(pickle, metadata);
  const data = [...storages].map(([array, key]) => [`${folder}/data/${key}`, bytesOf(array)] as const);
  const text = (value: string) => new TextEncoder().encode(value);
  return writeZip([
    [`${folder}/data.pkl`, pickle.finish()],
    [`${folder}/byteorder`, text('little')],
    ...data,
    [`${folder}/version`, text('3\n')],
  ]);
}

function writeTensor(
  pickle: PickleWriter,
  name: string,
  { dtype, shape, data }: FileTensor,
  storages: Map<ElementArray, string>,
): void {
  const type = storageNames.get(dtype);
  if (type === undefined) {
    throw new FormatError('BAD_DATA', `tensor '${name}' is ${dtype}, which PyTorch has no storage for`, {
      hint: 'write a safetensors file instead',
      details: { tensor: name },
    });
  }
  const key = storages.get(data) ?? String(storages.size);
  storages.set(data, key);
  pickle.global('torch._utils', '_rebuild_tensor_v2');
  pickle.put(op.MARK);
  pickle.put(op.MARK);
  pickle.text('storage');
  pickle.global('torch', type);
  pickle.text(key);
  pickle.text('cpu');
  pickle.count(data.length);
  pickle.put(op.TUPLE, op.BINPERSID);
  pickle.count(0);
  pickle.counts(shape);
  pickle.counts(stridesOf(shape));
  pickle.put(op.NEWFALSE);
  orderedDict(pickle);
  pickle.put(op.TUPLE, op.REDUCE);
}

function orderedDict(pickle: PickleWriter): void {
  pickle.global('collections', 'OrderedDict');
  pickle.put(op.EMPTY_TUPLE, op.REDUCE);
}

function writeMetadata(pickle: PickleWriter, metadata: Readonly<Record<string, string>>): void {
  const entries = Object.entries(metadata);
  if (entries.length === 0) return;
  pickle.put(op.EMPTY_DICT);
  pickle.text(metadataAttribute);
  pickle.put(op.EMPTY_DICT, op.MARK);
  for (const [key, value] of entries) {
    checkText(key, 'the metadata');
    checkText(value, 'the metadata');
    pickle.text(key);
    pickle.text(value);
  }
  pickle.put(op.SETITEMS, op.SETITEM, op.BUILD);
}

function checkText(text: string, what: string): void {
  if (typeof text === 'string' && isUnicode(text)) return;
  throw new FormatError('BAD_DATA', `${what} '${text}' is not Unicode text`);
}
