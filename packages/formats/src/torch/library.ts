import type { PickleLibrary } from '../pickle/machine.js';
import {
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleOpaque,
  PickleSet,
  PickleTuple,
  type PickleValue,
} from '../pickle/values.js';
import { numpyCalls } from './numpy-values.js';
import { storageTypes, TorchStorage, TorchTensor, torchTypes } from './storage.js';

type Call = (args: readonly PickleValue[], source: string) => PickleValue | undefined;

/** Names that are only handed to other calls, or stand for themselves. */
const namesOnly = [
  ...Object.keys(storageTypes),
  ...Object.keys(torchTypes),
  'torch.Tensor',
  'torch.nn.parameter.Parameter',
  'numpy.ndarray',
  // what a defaultdict fills itself with
  ...['builtins', '__builtin__'].flatMap((module) =>
    ['int', 'float', 'list', 'dict'].map((type) => `${module}.${type}`),
  ),
];

const rebuild: Call = ([storage, offset, shape, strides], source) =>
  storage instanceof TorchStorage
    ? view({ storage, dtype: storage.dtype, offset, shape, strides }, source)
    : undefined;

const rebuildTyped: Call = ([storage, offset, shape, strides, , , dtype], source) => {
  const type = dtype instanceof PickleGlobal ? torchTypes[dtype.name] : undefined;
  if (!(storage instanceof TorchStorage) || type === undefined) return undefined;
  return view({ storage, dtype: type, offset, shape, strides }, source);
};

const tensorItself: Call = ([tensor]) => (tensor instanceof TorchTensor ? tensor : undefined);

const object =
  (className: string): Call =>
  (args) =>
    new PickleObject(className, args);

const path: Call = (parts) => (parts.every((part) => typeof part === 'string') ? parts.join('/') : undefined);

const torchCalls: Readonly<Record<string, Call>> = {
  'torch._utils._rebuild_tensor': rebuild,
  'torch._utils._rebuild_tensor_v2': rebuild,
  'torch._utils._rebuild_tensor_v3': rebuildTyped,
  'torch._utils._rebuild_parameter': tensorItself,
  'torch._utils._rebuild_parameter_with_state': tensorItself,
  // a tensor with attributes of its own: the function that makes the tensor, its class, arguments, attributes
  'torch._tensor._rebuild_from_type_v2': ([callee, type, args], source) =>
    callee instanceof PickleGlobal &&
    (type instanceof PickleGlobal || type instanceof PickleOpaque) &&
    args instanceof PickleTuple
      ? torchCalls[callee.name]?.(args.items, source)
      : undefined,
  'torch.Size': ([sizes]) => (sizes instanceof PickleTuple ? sizes : undefined),
  'torch.device': ([type, index]) =>
    typeof type === 'string' ? (index === undefined ? type : `${type}:${String(index)}`) : undefined,
};

const set: Call = ([items]) => {
  if (items !== undefined && !(items instanceof PickleList || items instanceof PickleTuple)) return undefined;
  const made = new PickleSet();
  for (const item of items?.items ?? []) made.items.push(item);
  return made;
};

/** `OrderedDict()`, or `OrderedDict([[key, value], ...])` as Python 2 has it. */
const dict: Call = ([items]) => {
  const made = new PickleDict();
  if (items === undefined || items instanceof PickleGlobal) return made;
  if (items instanceof PickleDict) return items;
  if (!(items instanceof PickleList)) return undefined;
  for (const item of items.items) {
    if (!(item instanceof PickleList || item instanceof PickleTuple) || item.items.length !== 2)
      return undefined;
    made.set(item.items[0]!, item.items[1]!);
  }
  return made;
};

const pythonCalls: Readonly<Record<string, Call>> = {
  'collections.OrderedDict': dict,
  'collections.defaultdict': dict,
  'collections.Counter': dict,
  'argparse.Namespace': object('argparse.Namespace'),
  'types.SimpleNamespace': object('types.SimpleNamespace'),
  'builtins.set': set,
  'builtins.frozenset': set,
  '__builtin__.set': set,
  '__builtin__.frozenset': set,
  'builtins.complex': object('complex'),
  '__builtin__.complex': object('complex'),
  'pathlib.PosixPath': path,
  'pathlib.WindowsPath': path,
  'pathlib.PurePosixPath': path,
  'pathlib.Path': path,
};

const calls: ReadonlyMap<string, Call> = new Map(
  Object.entries({ ...torchCalls, ...pythonCalls, ...numpyCalls }),
);
const globals: ReadonlyMap<string, PickleGlobal> = new Map(
  [...namesOnly, ...calls.keys()].map((name) => [name, new PickleGlobal(name)]),
);

/** What PyTorch's checkpoints may name: tensors and plain data. `storageOf` finds the storage a persistent id stands for. */
export function torchLibrary(source: string, storageOf: PickleLibrary['persistent']): PickleLibrary {
  return {
    find: (name) => globals.get(name),
    call: (callee, args) => calls.get(callee.name)?.(args, source),
    persistent: storageOf,
  };
}

function view(
  {
    storage,
    dtype,
    offset,
    shape,
    strides,
  }: Pick<TorchTensor, 'storage' | 'dtype'> & {
    offset: PickleValue | undefined;
    shape: PickleValue | undefined;
    strides: PickleValue | undefined;
  },
  source: string,
): TorchTensor | undefined {
  const sizes = numbers(shape);
  const steps = numbers(strides);
  if (sizes === undefined || steps === undefined || typeof offset !== 'number') return undefined;
  return new TorchTensor({ storage, dtype, offset, shape: sizes, strides: steps }, source);
}

function numbers(value: PickleValue | undefined): number[] | undefined {
  if (!(value instanceof PickleTuple)) return undefined;
  const { items } = value;
  return items.every((item) => typeof item === 'number') ? [...items] : undefined;
}
