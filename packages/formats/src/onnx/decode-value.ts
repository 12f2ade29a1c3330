import { listed } from '../allowance.js';
import { isCount, mostAxes } from '../element-types.js';
import type { ProtoReader } from '../protobuf/reader.js';
import { elementType } from './decode-tensor.js';
import type { OnnxDimension, OnnxValue } from './model.js';
import { fields } from './numbers.js';
import { passOver } from './pass-over.js';

/** What an object of a value takes. */
const valueObject = 128;

type TensorType = Pick<OnnxValue, 'dtype' | 'shape'>;

/** Reads a value's name and type. */
export function readValue(reader: ProtoReader): OnnxValue {
  let name = '';
  let type: TensorType = {};
  reader.take(valueObject);
  while (reader.next()) {
    if (reader.field === fields.value.name) name = reader.string();
    else if (reader.field === fields.value.type) type = readType(reader.message(), name);
    else passOver(reader, 'value');
  }
  return { name, ...type };
}

function readType(reader: ProtoReader, name: string): TensorType {
  let type: TensorType = {};
  while (reader.next()) {
    switch (reader.field) {
      case fields.type.tensor:
        type = readTensorType(reader.message(), name);
        break;
      case fields.type.sequence:
      case fields.type.map:
      case fields.type.sparseTensor:
      case fields.type.optional:
        reader.fail(
          `the value '${name}' is no tensor; sequences, maps, optionals and sparse tensors are not read`,
        );
        break;
      default:
        passOver(reader, 'type');
    }
  }
  return type;
}

function readTensorType(reader: ProtoReader, name: string): TensorType {
  let dtype: OnnxValue['dtype'];
  let shape: readonly OnnxDimension[] | undefined;
  while (reader.next()) {
    if (reader.field === fields.tensorType.elementType) {
      const number = reader.int32();
      // 0 says that the type is not known.
      dtype = number === 0 ? undefined : elementType(reader, number, `the value '${name}'`);
    } else if (reader.field === fields.tensorType.shape) {
      shape = readShape(reader.message(), name);
    } else passOver(reader, 'tensorType');
  }
  return { ...(dtype !== undefined && { dtype }), ...(shape !== undefined && { shape }) };
}

function readShape(reader: ProtoReader, name: string): OnnxDimension[] {
  const shape: OnnxDimension[] = [];
  while (reader.next()) {
    if (reader.field !== fields.shape.dim) {
      passOver(reader, 'shape');
      continue;
    }
    if (shape.length >= mostAxes) reader.fail(`the value '${name}' has more than ${mostAxes} axes`);
    reader.take(listed);
    shape.push(readDimension(reader.message()));
  }
  return shape;
}

function readDimension(reader: ProtoReader): OnnxDimension {
  let dimension: OnnxDimension = null;
  while (reader.next()) {
    if (reader.field === fields.dim.value) {
      const size = reader.int();
      // Some exporters write -1 for a size that is not known.
      dimension = isCount(size) ? size : null;
    } else if (reader.field === fields.dim.parameter) {
      // An empty name is a way to say nothing.
      dimension = reader.name() || null;
    } else passOver(reader, 'dim');
  }
  return dimension;
}
