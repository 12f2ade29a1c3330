import { isCount } from '../element-types.js';
import { PickleGlobal, PickleOpaque, PickleTuple, type PickleValue } from '../pickle/values.js';
import { storageTypes, TorchStorage } from './storage.js';

type Fail = (what: string) => never;
type Declared = Pick<TorchStorage, 'key' | 'dtype' | 'size'>;

/** The storages of a checkpoint, as its pickle declares them by persistent ids. */
export class StorageTable {
  /** Gives a declared storage its bytes; what it returns is called when they are asked for. */
  readonly #open: (declared: Declared, fail: Fail) => () => Uint8Array;
  readonly #storages = new Map<string, TorchStorage>();

  constructor(open: (declared: Declared, fail: Fail) => () => Uint8Array) {
    this.#open = open;
  }

  /** By key, in the order of the pickle. */
  get storages(): ReadonlyMap<string, TorchStorage> {
    return this.#storages;
  }

  /**
   * `('storage', type, key, location, size)`; the legacy form adds `None`, or a part of the storage, and has the classes of
   * whole models as `('module', class, ...)`. Storages of types that are not read are opaque.
   */
  readonly find = (id: PickleValue, fail: Fail): TorchStorage | PickleOpaque => {
    const [kind, type, key, , size, part] = id instanceof PickleTuple ? id.items : [];
    if (type instanceof PickleOpaque && (kind === 'module' || kind === 'storage')) return type;
    if (kind !== 'storage' || !(type instanceof PickleGlobal) || typeof key !== 'string' || !isCount(size)) {
      return fail('a persistent id stands for no storage');
    }
    const dtype = storageTypes[type.name] ?? fail(`storages of ${type.name} are not read`);
    const known = this.#storages.get(key);
    if (known !== undefined && (known.dtype !== dtype || known.size !== size)) {
      fail(`the storage '${key}' is declared twice, differently`);
    }
    const storage = known ?? new TorchStorage(key, dtype, size, this.#open({ key, dtype, size }, fail));
    this.#storages.set(key, storage);
    return part instanceof PickleTuple ? partOf(storage, part, fail) : storage;
  };
}

/** `(key, offset, size)`: a storage that was itself a view of another. */
function partOf(whole: TorchStorage, { items: [key, offset, size] }: PickleTuple, fail: Fail): TorchStorage {
  if (typeof key !== 'string' || !isCount(offset) || !isCount(size) || offset + size > whole.size) {
    return fail(`a part of the storage '${whole.key}' does not lie inside`);
  }
  return new TorchStorage(`${whole.key}[${offset}:${size}]`, whole.dtype, size, () => {
    const width = whole.bytes.length / Math.max(1, whole.size);
    return whole.bytes.subarray(offset * width, (offset + size) * width);
  });
}
