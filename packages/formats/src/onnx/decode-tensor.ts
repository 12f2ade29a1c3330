import {
  byteSize,
  type ElementArray,
  type ElementType,
  elementArrays,
  elementBytes,
  isBoolean,
  isCount,
  mostAxes,
  viewElements,
} from '../element-types.js';
import type { ProtoReader } from '../protobuf/reader.js';
import type { OnnxTensor } from './model.js';
import { elementNumbers, fields } from './numbers.js';
import { passOver } from './pass-over.js';

const elementTypes = new Map(
  Object.entries(elementNumbers).map(([type, number]) => [number, type as keyof typeof elementNumbers]),
);

/** The element type of a number in the file. */
export function elementType(reader: ProtoReader, number: number, what: string): ElementType | 'string' {
  return elementTypes.get(number) ?? reader.fail(`${what} is of element type ${number}, which is not read`);
}

/** Fields that values are kept in where there are no raw bytes, and how a value of each is encoded. */
const lists = {
  [fields.tensor.floatData]: 'float',
  [fields.tensor.doubleData]: 'double',
  [fields.tensor.int32Data]: 'int',
  [fields.tensor.int64Data]: 'int',
  [fields.tensor.uint64Data]: 'int',
} as const;

/** What an object of a tensor takes, with its view of the file. */
const tensorObject = 384;

export function readTensor(reader: ProtoReader): OnnxTensor {
  const values = reader.again();
  let name = '';
  let number = 0;
  let external = false;
  let segment = false;
  let raw: Uint8Array | undefined;
  const dims: (number | bigint)[] = [];
  const counts = new Map<number, number>();
  reader.take(tensorObject);
  while (reader.next()) {
    switch (reader.field) {
      case fields.tensor.dims:
        reader.ints(dims, mostAxes);
        break;
      case fields.tensor.dataType:
        number = reader.int32();
        break;
      case fields.tensor.name:
        name = reader.string();
        break;
      case fields.tensor.rawData:
        raw = reader.bytes();
        break;
      case fields.tensor.floatData:
      case fields.tensor.doubleData:
      case fields.tensor.int32Data:
      case fields.tensor.int64Data:
      case fields.tensor.uint64Data: {
        const { field } = reader;
        counts.set(field, (counts.get(field) ?? 0) + reader.count(lists[field as keyof typeof lists]));
        break;
      }
      case fields.tensor.dataLocation:
        external ||= reader.int32() === 1;
        break;
      case fields.tensor.externalData:
        external = true;
        break;
      case fields.tensor.segment:
        segment = true;
        break;
      case fields.tensor.stringData:
        break;
      default:
        passOver(reader, 'tensor');
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
  const data = readData(reader, { name, dtype, bytes, raw, counts, values });
  return { name, dtype, shape: dims, data };
}

/** The values as an array. Its size is that of the values in the file, never merely what `dims` claims. */
function readData(
  reader: ProtoReader,
  tensor: {
    readonly name: string;
    readonly dtype: ElementType;
    readonly bytes: number;
    readonly raw: Uint8Array | undefined;
    /** How many values each list has. */
    readonly counts: ReadonlyMap<number, number>;
    /** At the start of the tensor. */
    readonly values: ProtoReader;
  },
): ElementArray {
  const { name, dtype, bytes, raw, counts } = tensor;
  let data: ElementArray;
  // Some writers add empty raw data to a tensor that keeps its values in a list.
  if (raw !== undefined && raw.byteLength > 0) {
    if (raw.byteLength !== bytes) {
      reader.fail(`the tensor '${name}' needs ${bytes} bytes, ${raw.byteLength} are there`);
    }
    if (raw.byteOffset % elementBytes(dtype) !== 0) reader.take(bytes);
    data = viewElements(dtype, raw);
  } else {
    const size = bytes / elementBytes(dtype);
    const list = listOf(dtype);
    const there = counts.get(list) ?? 0;
    if (there !== size) reader.fail(`the tensor '${name}' needs ${size} values, ${there} are there`);
    reader.take(bytes);
    data =
      listed(tensor.values, list, dtype, size) ??
      reader.fail(`the tensor '${name}' holds values that are no ${dtype}`);
  }
  if (dtype === 'bool' && !isBoolean(data as Uint8Array)) {
    reader.fail(`the tensor '${name}' is bool but holds values other than 0 and 1`);
  }
  return data;
}

/** The list that values of this type are kept in. */
function listOf(dtype: ElementType): number {
  switch (dtype) {
    case 'float32':
      return fields.tensor.floatData;
    case 'float64':
      return fields.tensor.doubleData;
    case 'int64':
      return fields.tensor.int64Data;
    case 'uint32':
    case 'uint64':
      return fields.tensor.uint64Data;
    default:
      return fields.tensor.int32Data;
  }
}

/** The values of a list in an array of their type; `undefined` where an integer does not fit it. */
function listed(
  reader: ProtoReader,
  list: number,
  dtype: ElementType,
  size: number,
): ElementArray | undefined {
  const data = new elementArrays[dtype](size);
  let at = 0;
  while (reader.next()) {
    if (reader.field !== list) continue;
    at = reader.fill(dtype, data, at);
    if (at === -1) return undefined;
  }
  return data;
}
