import { fromBfloat16 } from '@limbeck/graph';
import { float16ToFloat32 } from '../float16.js';
import {
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleOpaque,
  type PickleSet,
  PickleTuple,
  type PickleValue,
} from '../pickle/values.js';
import { gather } from '../weights/strided.js';
import { TorchStorage, TorchTensor } from './storage.js';

/** Characters of a description. */
const longest = 200;
/** Items of a container that are shown, and how deep. */
const widest = 6;
const deepest = 2;

/** A value of a checkpoint in few words: scalars as they are, containers by their first items. It ends for cycles too. */
export function describe(value: PickleValue, depth = 0): string {
  const text = inWords(value, depth);
  return text.length > longest ? `${text.slice(0, longest - 3)}...` : text;
}

function inWords(value: PickleValue, depth: number): string {
  if (value === null) return 'None';
  if (typeof value === 'string') return depth === 0 ? value : JSON.stringify(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof PickleGlobal) return value.name;
  if (value instanceof PickleOpaque) return `${value.name}, which is not read`;
  if (value instanceof TorchStorage) return `storage of ${value.size} ${value.dtype}`;
  if (value instanceof TorchTensor) return ofTensor(value);
  if (value instanceof PickleObject) return ofObject(value, depth);
  if (value instanceof PickleDict) return `{${ofEntries(value, depth)}}`;
  const [open, close] = brackets(value);
  return `${open}${shown(value.items, depth, (item) => describe(item, depth + 1))}${close}`;
}

const brackets = (value: PickleTuple | PickleList | PickleSet): [string, string] =>
  value instanceof PickleTuple ? ['(', ')'] : value instanceof PickleList ? ['[', ']'] : ['{', '}'];

function ofObject({ className, args, state }: PickleObject, depth: number): string {
  if (state instanceof PickleDict) return `${className}(${ofEntries(state, depth)})`;
  return args.length === 0
    ? className
    : `${className}(${shown(args, depth, (item) => describe(item, depth + 1))})`;
}

const ofEntries = ({ entries }: PickleDict, depth: number): string =>
  shown([...entries], depth, ([key, value]) => `${describe(key, depth + 1)}: ${describe(value, depth + 1)}`);

function shown<T>(items: readonly T[], depth: number, show: (item: T) => string): string {
  if (items.length === 0) return '';
  if (depth >= deepest) return `${items.length} items`;
  const rest = items.length > widest ? [`${items.length - widest} more`] : [];
  return [...items.slice(0, widest).map(show), ...rest].join(', ');
}

/** A tensor of one element is its value: accuracies are kept so. */
function ofTensor(tensor: TorchTensor): string {
  const { storage, dtype, offset, shape, strides } = tensor;
  if (!shape.every((extent) => extent === 1)) return `${dtype} [${shape.join(', ')}]`;
  const [value] = gather(dtype, storage.bytes, { offset, shape, strides });
  if (dtype === 'float16') return String(float16ToFloat32(Uint16Array.of(Number(value)))[0]);
  if (dtype === 'bfloat16') return String(fromBfloat16(Number(value)));
  return dtype === 'bool' ? (value === 0 ? 'false' : 'true') : String(value);
}
