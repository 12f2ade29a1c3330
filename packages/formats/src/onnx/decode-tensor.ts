import {
  byteSize,
  type ElementArray,
  type ElementType,
  elementArrays,
  elementBytes,
  isBoolean,
  isCount,
  viewElements,
} from '../element-types.js';
import type { ProtoReader } from '../protobuf/reader.js';
import type { OnnxTensor } from './model.js';
import { elementNumbers, fields } from './numbers.js';

const elementTypes = new Map(
  Object.entries(elementNumbers).map(([type, number]) => [number, type as keyof typeof elementNumbers]),
);

/** The element type of a number in the file. */
export function elementType(reader: ProtoReader, number: number, what: string): ElementType | 'string' {
  return elementTypes.get(number) ?? reader.fail(`${what} is of element type ${number}, which is not read`);
}

/** The values as the file has them: raw bytes, or one of the typed lists. */
interface Payload {
  raw: Uint8Array | undefined;
  readonly floats: number[];
  readonly doubles: number[];
  readonly int32s: (number | bigint)[];
  readonly int64s: (number | bigint)[];
  readonly uint64s: bigint[];
}

export function readTensor(reader: ProtoReader): OnnxTensor {
  let name = '';
  let number = 0;
  let external = false;
  let segment = false;
  const dims: (number | bigint)[] = [];
  const payload: Payload = { raw: undefined, floats: [], doubles: [], int32s: [], int64s: [], uint64s: [] };
  while (reader.next()) {
    switch (reader.field) {
      case fields.tensor.dims:
        reader.ints(dims);
        break;
      case fields.tensor.dataType:
        number = reader.int32();
        break;
      case fields.tensor.name:
        name = reader.string();
        break;
      case fields.tensor.rawData:
        payload.raw = reader.bytes();
        break;
      case fields.tensor.floatData:
        reader.floats(payload.floats);
        break;
      case fields.tensor.doubleData:
        reader.doubles(payload.doubles);
        break;
      case fields.tensor.int32Data:
        reader.ints(payload.int32s);
        break;
      case fields.tensor.int64Data:
        reader.ints(payload.int64s);
        break;
      case fields.tensor.uint64Data:
        reader.uint64s(payload.uint64s);
        break;
      case fields.tensor.dataLocation:
        external ||= reader.int32() === 1;
        break;
      case fields.tensor.externalData:
        external = true;
        break;
      case fields.tensor.segment:
        segment = true;
        break;
    }
  }
  if (segment) reader.fail(`the tensor '${name}' is a segment of one, which is not read`);
  if (external) {
    const hint = 'save the model as one file, without external data';
    reader.fail(`the tensor '${name}' is kept in another file, which is not read`, { hint });
  }
  const dtype = elementType(reader, number, `the tensor '${name}'`);
  if (dtype === 'string') return reader.fail(`the tensor '${name}' holds strings, which are not read`);
  const bytes = byteSize(dims, elementBytes(dtype));
  if (bytes === undefined || !dims.every(isCount)) {
    return reader.fail(`the tensor '${name}' has the impossible shape [${dims.join(', ')}]`);
  }
  return { name, dtype, shape: dims, data: readData(reader, name, dtype, bytes, payload) };
}

/** The values as an array. Its size is that of the values in the file, never merely what `dims` claims. */
function readData(
  reader: ProtoReader,
  name: string,
  dtype: ElementType,
  bytes: number,
  payload: Payload,
): ElementArray {
  let data: ElementArray;
  // Some writers add empty raw data to a tensor that keeps its values in a list.
  if (payload.raw !== undefined && payload.raw.byteLength > 0) {
    if (payload.raw.byteLength !== bytes) {
      reader.fail(`the tensor '${name}' needs ${bytes} bytes, ${payload.raw.byteLength} are there`);
    }
    data = viewElements(dtype, payload.raw);
  } else {
    const size = bytes / elementBytes(dtype);
    const values = listOf(dtype, payload);
    if (values.length !== size) {
      reader.fail(`the tensor '${name}' needs ${size} values, ${values.length} are there`);
    }
    data = fill(dtype, values) ?? reader.fail(`the tensor '${name}' holds values that are no ${dtype}`);
  }
  if (dtype === 'bool' && !isBoolean(data as Uint8Array)) {
    reader.fail(`the tensor '${name}' is bool but holds values other than 0 and 1`);
  }
  return data;
}

/** The list that values of this type are kept in. */
function listOf(dtype: ElementType, payload: Payload): readonly (number | bigint)[] {
  switch (dtype) {
    case 'float32':
      return payload.floats;
    case 'float64':
      return payload.doubles;
    case 'int64':
      return payload.int64s;
    case 'uint32':
    case 'uint64':
      return payload.uint64s;
    default:
      return payload.int32s;
  }
}

/** The values in an array of their type; `undefined` where an integer does not fit it. */
function fill(dtype: ElementType, values: readonly (number | bigint)[]): ElementArray | undefined {
  const data = new elementArrays[dtype](values.length);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let i = 0; i < values.length; i++) data[i] = BigInt(values[i]!);
    return data;
  }
  const float = dtype === 'float32' || dtype === 'float64';
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    data[i] = value;
    if (!float && data[i] !== value) return undefined;
  }
  return data;
}
