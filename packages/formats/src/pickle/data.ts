import { viewElements } from '../element-types.js';
import { FormatError, type ReadOptions } from '../errors.js';
import { torchLibrary } from '../torch/library.js';
import { runPickle } from './machine.js';
import { PickleDict, PickleList, PickleObject, PickleTuple, type PickleValue } from './values.js';

/** An array of bytes out of a pickle. */
export interface PickledBytes {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** What a pickle of plain data holds: keys of dicts are text, whichever kind of text they were. */
export type PickledData =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | PickledBytes
  | readonly PickledData[]
  | ReadonlyMap<string, PickledData>;

/**
 * Reads a pickle of dicts, lists, texts, numbers and NumPy arrays of bytes, which need not be trusted: it runs nothing.
 *
 * @throws FormatError BAD_FILE for anything else, with its name
 */
export function readPickledData(bytes: Uint8Array, { source = 'pickle' }: ReadOptions = {}): PickledData {
  return plain(runPickle(bytes, library(source), { source }).value, source);
}

const library = (source: string) =>
  torchLibrary(source, (_, fail) => fail('it points to data outside itself'));

function plain(value: PickleValue, source: string): PickledData {
  if (
    value === null ||
    typeof value === 'boolean' ||
    typeof value === 'number' ||
    typeof value === 'string'
  ) {
    return value;
  }
  if (value instanceof Uint8Array) return value;
  if (value instanceof PickleList || value instanceof PickleTuple) {
    return value.items.map((item) => plain(item, source));
  }
  if (value instanceof PickleDict) {
    return new Map([...value.entries].map(([key, item]) => [textOf(key, source), plain(item, source)]));
  }
  if (value instanceof PickleObject && value.className === 'numpy.ndarray') return arrayOf(value, source);
  throw bad(source, 'it holds something other than plain data');
}

/** State of an array: version, shape, dtype, whether the first axis runs fastest, bytes. */
function arrayOf({ state }: PickleObject, source: string): PickledBytes {
  const [, shape, dtype, isFortran, content] = state instanceof PickleTuple ? state.items : [];
  const type = dtype instanceof PickleObject ? dtype.args[0] : undefined;
  const sizes = shape instanceof PickleTuple ? shape.items : [];
  if (type !== 'u1' || isFortran !== false || !sizes.every((size) => typeof size === 'number')) {
    throw bad(source, `it holds an array of type '${String(type)}'; bytes in row-major order are read`);
  }
  // Python 2 kept bytes as text: those that happen to be text were read as such
  const data = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  const count = (sizes as number[]).reduce((product, size) => product * size, 1);
  if (!(data instanceof Uint8Array) || data.length !== count)
    throw bad(source, 'an array has too few or too many bytes');
  return { shape: sizes as number[], data: viewElements('uint8', data) as Uint8Array };
}

function textOf(key: PickleValue, source: string): string {
  if (typeof key === 'string') return key;
  if (key instanceof Uint8Array) return Buffer.from(key).toString('utf8');
  throw bad(source, 'a dict has a key that is no text');
}

const bad = (source: string, what: string): FormatError =>
  new FormatError('BAD_FILE', `${source}: ${what}`, { hint: 'fetch the file again', details: { source } });
