import type { TorchStorage, TorchTensor } from '../torch/storage.js';

/**
 * What a pickle can become here: plain data. `None` is null; integers beyond exact doubles are bigints; bytes stay bytes.
 * Classes of this file stand for Python's containers, whose identity and cycles they keep.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleTuple
  | PickleList
  | PickleDict
  | PickleSet
  | PickleGlobal
  | PickleObject
  | PickleOpaque
  | TorchStorage
  | TorchTensor;

export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

export class PickleList {
  readonly items: PickleValue[] = [];
}

/** A dict, an OrderedDict or a Counter. */
export class PickleDict {
  #entries: Map<PickleValue, PickleValue> | undefined;
  /** Attributes beside the entries, as PyTorch hangs `_metadata` on a state dict. */
  attributes: PickleDict | undefined;

  get entries(): ReadonlyMap<PickleValue, PickleValue> {
    return this.#entries ?? none;
  }

  set(key: PickleValue, value: PickleValue): void {
    this.#entries ??= new Map();
    this.#entries.set(key, value);
  }

  /** The value under a text. */
  get(key: string): PickleValue | undefined {
    return this.#entries?.get(key);
  }
}

const none: ReadonlyMap<PickleValue, PickleValue> = new Map();

export class PickleSet {
  readonly items: PickleValue[] = [];
}

/** A class or function that a pickle names. It is a name here, never code. */
export class PickleGlobal {
  /** `torch._utils._rebuild_tensor_v2`. */
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * What a class or function outside the allow-list would have made, or such a name itself. Nothing was run, and nothing is
 * known of it but that name.
 */
export class PickleOpaque {
  /** Of the class or function: `models.resnet.ResNet`. */
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** An instance of a class that is read as data: what it was made of, and the state it was given. */
export class PickleObject {
  readonly className: string;
  readonly args: readonly PickleValue[];
  state: PickleValue | undefined;

  constructor(className: string, args: readonly PickleValue[]) {
    this.className = className;
    this.args = args;
  }
}
