import { Allowance } from '../allowance.js';
import { elementBytes } from '../element-types.js';
import { FormatError } from '../errors.js';
import { PickleBytes } from '../pickle/bytes.js';
import { runPickle } from '../pickle/machine.js';
import { op } from '../pickle/opcodes.js';
import { PickleDict, PickleList, type PickleValue } from '../pickle/values.js';
import { torchLibrary } from './library.js';
import { StorageTable } from './storage-table.js';

const magic = 0x1950a86a20f9469cfc6cn;
const protocolVersion = 1001;

/** True for the magic number as a pickle of its own, with which such a stream starts. */
export function isLegacyCheckpoint(bytes: Uint8Array): boolean {
  if (bytes[0] !== op.PROTO) return false;
  // from protocol 4 on there is a frame of nine bytes around it
  const at = bytes[2] === op.FRAME ? 11 : 2;
  return bytes[at] === op.LONG1 && bytes[at + 1] === 10 && bytes[at + 2] === 0x6c && bytes[at + 3] === 0xfc;
}

/**
 * What `torch.save` wrote before PyTorch 1.6, and writes still with `_use_new_zipfile_serialization=False`: pickles one after
 * the other (a magic number, a version, facts about the machine, the object, the order of its storages), then the storages.
 */
export function readLegacyCheckpoint(bytes: Uint8Array, source: string): PickleValue {
  const places = new Map<string, number>();
  const storages = new StorageTable(({ key, dtype, size }) => () => {
    const start = places.get(key)!;
    return bytes.subarray(start, start + size * elementBytes(dtype));
  });
  const library = torchLibrary(source, storages.find);
  const allowance = new Allowance(bytes.byteLength, source);
  let at = 0;
  const next = (): PickleValue => {
    const { value, end } = runPickle(bytes, library, { source, at, allowance });
    at = end;
    return value;
  };
  const fail = (what: string): never => {
    throw new FormatError('BAD_FILE', `${source}: ${what}`, { details: { source } });
  };
  if (next() !== magic) fail('this is no checkpoint of PyTorch');
  const version = next();
  if (version !== protocolVersion) fail(`its format is of version ${String(version)}, which is not read`);
  const machine = next();
  if (!(machine instanceof PickleDict) || machine.get('little_endian') !== true) {
    fail('its byte order is not little, which is not read');
  }
  const value = next();
  const order = next();
  const keys = order instanceof PickleList ? order.items : fail('the order of its storages is missing');
  const input = new PickleBytes(bytes, source, at);
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.storages.get(key) : undefined;
    if (storage === undefined || places.has(storage.key))
      return fail(`its storage '${String(key)}' belongs to no tensor`);
    const size = input.u64();
    if (size !== storage.size)
      fail(`the storage '${storage.key}' has ${size} elements, declared are ${storage.size}`);
    places.set(storage.key, input.at);
    input.bytes(size * elementBytes(storage.dtype));
  }
  const lacking = [...storages.storages.keys()].find((key) => !places.has(key));
  if (lacking !== undefined) fail(`its storage '${lacking}' is missing`);
  return value;
}
