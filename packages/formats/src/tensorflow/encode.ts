import { bytesOf, checkTensor } from '../element-types.js';
import { FormatError } from '../errors.js';
import { ProtoWriter } from '../protobuf/writer.js';
import type {
  TensorflowAttribute,
  TensorflowModel,
  TensorflowNode,
  TensorflowPort,
  TensorflowTensor,
} from './model.js';
import { fields, schemaVersion, typeNumbers } from './numbers.js';

/** What signatures for prediction call themselves; loaders do not read it. */
const method = 'tensorflow/serving/predict';

/** What TensorFlow accepts as the name of a node. */
const nodeName = /^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$/;

/**
 * A model as the bytes of a `saved_model.pb`, which is all that a SavedModel's folder must hold when its variables are
 * assigned after loading. The same model gives the same bytes; tensors' data is copied once.
 *
 * @throws FormatError BAD_DATA where a name is none, two nodes share one, a tensor's data does not fit its type and
 * shape, or the file would reach 2 GiB. Operators and types are not checked: a runtime does that.
 */
export function encodeSavedModel({ tags, graph, signatures }: TensorflowModel): Uint8Array {
  checkNames(graph.nodes);
  const writer = new ProtoWriter();
  writer.int(fields.savedModel.schemaVersion, schemaVersion);
  writer.message(fields.savedModel.metaGraph, (meta) => {
    meta.message(fields.metaGraph.info, (info) => {
      for (const tag of tags) info.string(fields.info.tag, tag);
    });
    meta.message(fields.metaGraph.graph, (inner) => {
      for (const node of graph.nodes) inner.message(fields.graph.node, (target) => writeNode(target, node));
      inner.message(fields.graph.versions, (versions) =>
        versions.int(fields.versions.producer, graph.producer),
      );
    });
    for (const [name, { inputs, outputs }] of Object.entries(signatures)) {
      writeEntry(meta, fields.metaGraph.signature, name, (signature) => {
        for (const [key, port] of Object.entries(inputs))
          writeEntry(signature, fields.signature.input, key, (target) => writePort(target, port));
        for (const [key, port] of Object.entries(outputs))
          writeEntry(signature, fields.signature.output, key, (target) => writePort(target, port));
        signature.string(fields.signature.method, method);
      });
    }
  });
  return writer.finish();
}

/** Loaders say nothing helpful about these. */
export function checkNames(nodes: readonly TensorflowNode[]): void {
  const seen = new Set<string>();
  for (const { name, op } of nodes) {
    if (!nodeName.test(name)) throw new FormatError('BAD_DATA', `'${name}' (${op}) is no name of a node`);
    if (seen.has(name)) throw new FormatError('BAD_DATA', `two nodes are called '${name}'`);
    seen.add(name);
  }
}

/** One entry of a map from names to messages. */
function writeEntry(
  writer: ProtoWriter,
  field: number,
  key: string,
  write: (value: ProtoWriter) => void,
): void {
  writer.message(field, (entry) => {
    entry.string(fields.entry.key, key);
    entry.message(fields.entry.value, write);
  });
}

function writeNode(writer: ProtoWriter, { name, op, inputs, attributes }: TensorflowNode): void {
  writer.string(fields.node.name, name);
  writer.string(fields.node.op, op);
  for (const input of inputs) writer.string(fields.node.input, input);
  for (const [key, attribute] of Object.entries(attributes)) {
    writeEntry(writer, fields.node.attribute, key, (target) =>
      writeAttribute(target, attribute, `attribute '${key}' of node '${name}' (${op})`),
    );
  }
}

function writeAttribute(writer: ProtoWriter, attribute: TensorflowAttribute, where: string): void {
  switch (attribute.kind) {
    case 'int':
      writer.int(fields.attribute.int, attribute.value);
      break;
    case 'float':
      writer.float(fields.attribute.float, attribute.value);
      break;
    case 'bool':
      writer.bool(fields.attribute.bool, attribute.value);
      break;
    case 'string':
      writer.string(fields.attribute.string, attribute.value);
      break;
    case 'type':
      writer.int(fields.attribute.type, typeNumbers[attribute.value]);
      break;
    case 'shape':
      writer.message(fields.attribute.shape, (shape) => writeShape(shape, attribute.value));
      break;
    case 'tensor':
      writer.message(fields.attribute.tensor, (tensor) => writeTensor(tensor, attribute.value, where));
      break;
    case 'ints':
      writer.message(fields.attribute.list, (list) => list.packedInts(fields.list.int, attribute.value));
      break;
  }
}

function writeTensor(writer: ProtoWriter, tensor: TensorflowTensor, where: string): void {
  checkTensor(where, tensor);
  writer.int(fields.tensor.dtype, typeNumbers[tensor.dtype]);
  writer.message(fields.tensor.shape, (shape) => writeShape(shape, tensor.shape));
  writer.bytes(fields.tensor.content, bytesOf(tensor.data));
}

function writePort(writer: ProtoWriter, { value, dtype, shape }: TensorflowPort): void {
  writer.string(fields.port.name, value);
  writer.int(fields.port.dtype, typeNumbers[dtype]);
  writer.message(fields.port.shape, (inner) => writeShape(inner, shape));
}

function writeShape(writer: ProtoWriter, shape: readonly number[]): void {
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < -1)
      throw new FormatError('BAD_DATA', `${size} is no size of an axis`);
    writer.message(fields.shape.dim, (dim) => dim.int(fields.dim.size, size));
  }
}
