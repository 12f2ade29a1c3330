import { isCount } from '../element-types.js';
import type { ProtoReader } from '../protobuf/reader.js';
import { elementType } from './decode-tensor.js';
import type { OnnxDimension, OnnxValue } from './model.js';
import { fields } from './numbers.js';

type TensorType = Pick<OnnxValue, 'dtype' | 'shape'>;

/** Reads a value's name and type. */
export function readValue(reader: ProtoReader): OnnxValue {
  let name = '';
  let type: TensorType = {};
  while (reader.next()) {
    if (reader.field === fields.value.name) name = reader.string();
    else if (reader.field === fields.value.type) type = readType(reader.message(), name);
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
      shape = readShape(reader.message());
    }
  }
  return { ...(dtype !== undefined && { dtype }), ...(shape !== undefined && { shape }) };
}

function readShape(reader: ProtoReader): OnnxDimension[] {
  const shape: OnnxDimension[] = [];
  while (reader.next()) {
    if (reader.field === fields.shape.dim) shape.push(readDimension(reader.message()));
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
      dimension = reader.string() || null;
    }
  }
  return dimension;
}
