import type { StateDict, TensorData } from '@limbeck/graph';
import type { ElementArray } from '../element-types.js';
import { FormatError } from '../errors.js';
import { float16ToFloat32 } from '../float16.js';
import type { FileTensor } from './file.js';

/**
 * Tensors of a file in the graph's element types: float16 becomes float32, exactly; float64 becomes float32, rounded to
 * nearest; integers that the graph does not have become int32. The rest is handed on as it is. Names that share one array
 * share its conversion too.
 *
 * @throws FormatError BAD_FILE for an integer outside int32
 */
export function toStateDict(tensors: ReadonlyMap<string, FileTensor>, source: string): StateDict {
  const state = new Map<string, TensorData>();
  const converted = new Map<ElementArray, TensorData['data']>();
  for (const [name, tensor] of tensors) {
    const { shape, data } = tensor;
    const { dtype, convert } = conversion(tensor);
    const known = converted.get(data) ?? convert((what) => fail(source, name, what));
    converted.set(data, known);
    state.set(name, { dtype, shape, data: known } as TensorData);
  }
  return state;
}

type Fail = (what: string) => never;

function conversion({ dtype, data }: FileTensor): {
  dtype: TensorData['dtype'];
  convert: (fail: Fail) => TensorData['data'];
} {
  switch (dtype) {
    case 'float16':
      return { dtype: 'float32', convert: () => float16ToFloat32(data as Uint16Array) };
    case 'float64':
      return { dtype: 'float32', convert: () => new Float32Array(data as Float64Array) };
    case 'int16':
    case 'uint16':
      return { dtype: 'int32', convert: () => new Int32Array(data as Int16Array) };
    case 'uint32':
      return { dtype: 'int32', convert: (fail) => fromUint32(data as Uint32Array, fail) };
    case 'int64':
    case 'uint64':
      return { dtype: 'int32', convert: (fail) => fromInt64(data as BigInt64Array, fail) };
    default:
      return { dtype, convert: () => data as TensorData['data'] };
  }
}

function fromUint32(values: Uint32Array, fail: Fail): Int32Array {
  const outside = values.findIndex((value) => value > 0x7fffffff);
  return outside === -1 ? new Int32Array(values) : fail(beyond(values[outside]!, outside));
}

function fromInt64(values: BigInt64Array | BigUint64Array, fail: Fail): Int32Array {
  const halves = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const narrow = new Int32Array(values.length);
  for (let i = 0; i < narrow.length; i++) {
    const low = halves[2 * i]!;
    const sign = values instanceof BigInt64Array ? low >> 31 : 0;
    if (halves[2 * i + 1] !== sign || (sign === 0 && low < 0)) fail(beyond(values[i]!, i));
    narrow[i] = low;
  }
  return narrow;
}

const beyond = (value: number | bigint, index: number): string =>
  `holds ${value} at element ${index}, which does not fit int32`;

function fail(source: string, name: string, what: string): never {
  throw new FormatError('BAD_FILE', `${source}: tensor '${name}' ${what}`, {
    details: { source, tensor: name },
  });
}
