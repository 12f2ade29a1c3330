import { bytesOf, checkTensor, isCount } from '../element-types.js';
import { FormatError } from '../errors.js';
import { ProtoWriter } from '../protobuf/writer.js';
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from './model.js';
import { attributeNumbers, elementNumbers, fields } from './numbers.js';

/**
 * A model as the bytes of an `.onnx` file. The same model gives the same bytes; tensors' data is copied once.
 *
 * @throws FormatError BAD_DATA where a tensor's data does not fit its type and shape, a size is negative, an integer
 * attribute is not an integer, or the file would reach 2 GiB. Operators and types are not checked: a runtime does that.
 */
export function encodeOnnx(model: OnnxModel): Uint8Array {
  const writer = new ProtoWriter();
  writer.int(fields.model.irVersion, model.irVersion);
  writer.string(fields.model.producerName, model.producerName);
  writer.message(fields.model.graph, (graph) => writeGraph(graph, model.graph));
  for (const { domain, version } of model.opsetImports) {
    writer.message(fields.model.opsetImport, (opset) => {
      opset.string(fields.opset.domain, domain);
      opset.int(fields.opset.version, version);
    });
  }
  for (const [key, value] of Object.entries(model.metadata)) {
    writer.message(fields.model.metadata, (entry) => {
      entry.string(fields.entry.key, key);
      entry.string(fields.entry.value, value);
    });
  }
  return writer.finish();
}

function writeGraph(writer: ProtoWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) writer.message(fields.graph.node, (inner) => writeNode(inner, node));
  writer.string(fields.graph.name, graph.name);
  for (const tensor of graph.initializers) {
    writer.message(fields.graph.initializer, (inner) => writeTensor(inner, tensor));
  }
  for (const value of graph.inputs) writer.message(fields.graph.input, (inner) => writeValue(inner, value));
  for (const value of graph.outputs) writer.message(fields.graph.output, (inner) => writeValue(inner, value));
  for (const value of graph.valueInfo ?? []) {
    writer.message(fields.graph.valueInfo, (inner) => writeValue(inner, value));
  }
}

function writeNode(writer: ProtoWriter, node: OnnxNode): void {
  for (const input of node.inputs) writer.string(fields.node.input, input);
  for (const output of node.outputs) writer.string(fields.node.output, output);
  writer.string(fields.node.name, node.name);
  writer.string(fields.node.opType, node.opType);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    writer.message(fields.node.attribute, (inner) => {
      inner.string(fields.attribute.name, name);
      const where = `attribute '${name}' of node '${node.name}' (${node.opType})`;
      writeAttribute(inner, attribute, where);
    });
  }
  if (node.domain) writer.string(fields.node.domain, node.domain);
}

function writeAttribute(writer: ProtoWriter, attribute: OnnxAttribute, where: string): void {
  const field = fields.attribute[attribute.kind];
  switch (attribute.kind) {
    case 'float':
      writer.float(field, attribute.value);
      break;
    case 'int':
      writer.int(field, integer(attribute.value, where));
      break;
    case 'string':
      writer.bytes(field, textBytes(attribute.value));
      break;
    case 'tensor':
      writer.message(field, (inner) => writeTensor(inner, attribute.value));
      break;
    case 'graph':
      writer.message(field, (inner) => writeGraph(inner, attribute.value));
      break;
    case 'floats':
      for (const value of attribute.value) writer.float(field, value);
      break;
    case 'ints':
      for (const value of attribute.value) writer.int(field, integer(value, where));
      break;
    case 'strings':
      for (const value of attribute.value) writer.bytes(field, textBytes(value));
      break;
    case 'tensors':
      for (const value of attribute.value) writer.message(field, (inner) => writeTensor(inner, value));
      break;
    case 'graphs':
      for (const value of attribute.value) writer.message(field, (inner) => writeGraph(inner, value));
      break;
  }
  writer.int(fields.attribute.type, attributeNumbers[attribute.kind]);
}

function writeTensor(writer: ProtoWriter, tensor: OnnxTensor): void {
  checkTensor(tensor.name, tensor);
  for (const dimension of tensor.shape) writer.int(fields.tensor.dims, dimension);
  writer.int(fields.tensor.dataType, elementNumbers[tensor.dtype]);
  writer.string(fields.tensor.name, tensor.name);
  writer.bytes(fields.tensor.rawData, bytesOf(tensor.data));
}

function writeValue(writer: ProtoWriter, value: OnnxValue): void {
  writer.string(fields.value.name, value.name);
  const { dtype, shape } = value;
  if (dtype === undefined && shape === undefined) return;
  writer.message(fields.value.type, (type) => {
    type.message(fields.type.tensor, (tensor) => {
      if (dtype !== undefined) tensor.int(fields.tensorType.elementType, elementNumbers[dtype]);
      if (shape === undefined) return;
      tensor.message(fields.tensorType.shape, (inner) => writeShape(inner, value.name, shape));
    });
  });
}

function writeShape(writer: ProtoWriter, name: string, shape: NonNullable<OnnxValue['shape']>): void {
  for (const dimension of shape) {
    writer.message(fields.shape.dim, (dim) => {
      if (typeof dimension === 'string') dim.string(fields.dim.parameter, dimension);
      else if (isCount(dimension)) dim.int(fields.dim.value, dimension);
      else if (dimension !== null) {
        throw new FormatError('BAD_DATA', `value '${name}' has the dimension ${dimension}, which is no size`);
      }
    });
  }
}

function integer(value: number | bigint, where: string): number | bigint {
  if (typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value))
    return value;
  throw new FormatError('BAD_DATA', `${where} is ${value}, which is no 64-bit integer`);
}

function textBytes(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? new TextEncoder().encode(value) : value;
}
