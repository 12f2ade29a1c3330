import { FormatError, type ReadOptions } from '../errors.js';
import { openProto, type ProtoReader } from '../protobuf/reader.js';
import { readAttribute } from './decode-attribute.js';
import { readTensor } from './decode-tensor.js';
import { readValue } from './decode-value.js';
import type {
  OnnxAttribute,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxOpset,
  OnnxTensor,
  OnnxValue,
} from './model.js';
import { fields } from './numbers.js';
import { passOver } from './pass-over.js';
import { refuseWeightsAlone } from './refuse-weights.js';

/**
 * Reads an `.onnx` file, which need not be trusted. Tensors' data are views of `bytes` where the alignment allows: do
 * not write to either.
 *
 * What is read is all that the model computes: documentation and notes are left out, and a file that holds anything else is
 * refused. A runtime is given what {@link encodeOnnx} makes of the result, never the file itself.
 *
 * @throws FormatError BAD_FILE where the bytes are not an ONNX model, where tensors are kept in other files, where
 * values are not tensors or of a type that has no {@link ElementType}, where a field is not known, or where what the file
 * describes takes memory out of proportion to its size.
 */
export function decodeOnnx(bytes: Uint8Array, options: ReadOptions = {}): OnnxModel {
  const source = options.source ?? 'ONNX data';
  refuseWeightsAlone(bytes, source);
  const reader = openProto(bytes, { source });
  let irVersion: number | undefined;
  let producerName = '';
  let graph: OnnxGraph | undefined;
  const opsetImports: OnnxOpset[] = [];
  const metadata: Record<string, string> = Object.create(null);
  while (reader.next()) {
    switch (reader.field) {
      case fields.model.irVersion:
        irVersion = readVersion(reader);
        break;
      case fields.model.producerName:
        producerName = reader.string();
        break;
      case fields.model.graph:
        if (graph !== undefined) reader.fail('there is more than one graph');
        graph = readGraph(reader.message());
        break;
      case fields.model.opsetImport:
        opsetImports.push(readOpset(reader.message()));
        break;
      case fields.model.metadata: {
        const [key, value] = readEntry(reader.message());
        metadata[key] = value;
        break;
      }
      default:
        passOver(reader, 'model');
    }
  }
  if (irVersion === undefined || graph === undefined) {
    const missing = graph === undefined ? 'graph' : 'IR version';
    throw new FormatError('BAD_FILE', `${source}: this is not an ONNX model: it has no ${missing}`, {
      details: { source },
    });
  }
  return { irVersion, opsetImports, producerName, graph, metadata };
}

function readGraph(reader: ProtoReader): OnnxGraph {
  let name = '';
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const valueInfo: OnnxValue[] = [];
  reader.take(graphObject);
  while (reader.next()) {
    switch (reader.field) {
      case fields.graph.node:
        nodes.push(readNode(reader.message()));
        break;
      case fields.graph.name:
        name = reader.string();
        break;
      case fields.graph.initializer:
        initializers.push(readTensor(reader.message()));
        break;
      case fields.graph.input:
        inputs.push(readValue(reader.message()));
        break;
      case fields.graph.output:
        outputs.push(readValue(reader.message()));
        break;
      case fields.graph.valueInfo:
        valueInfo.push(readValue(reader.message()));
        break;
      default:
        passOver(reader, 'graph');
    }
  }
  return { name, nodes, inputs, outputs, initializers, valueInfo };
}

/** Shared, because an empty object without prototype takes more memory than a small node does in the file. */
const noAttributes: Readonly<Record<string, OnnxAttribute>> = Object.freeze(Object.create(null));

/** What the objects of a graph, a node and a node's attributes take. */
const graphObject = 512;
const nodeObject = 192;
const attributesObject = 256;
const entryObject = 128;

function readNode(reader: ProtoReader): OnnxNode {
  reader.take(nodeObject);
  let opType = '';
  let name = '';
  let domain = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  let attributes: Record<string, OnnxAttribute> | undefined;
  while (reader.next()) {
    switch (reader.field) {
      case fields.node.input:
        inputs.push(reader.string());
        break;
      case fields.node.output:
        outputs.push(reader.string());
        break;
      case fields.node.name:
        name = reader.string();
        break;
      case fields.node.opType:
        opType = reader.name();
        break;
      case fields.node.attribute: {
        const [key, attribute] = readAttribute(reader.message(), readGraph);
        if (attributes === undefined) reader.take(attributesObject);
        attributes ??= Object.create(null) as Record<string, OnnxAttribute>;
        if (key in attributes) reader.fail(`the attribute '${key}' occurs twice in one node`);
        attributes[key] = attribute;
        break;
      }
      case fields.node.domain:
        domain = reader.name();
        break;
      default:
        passOver(reader, 'node');
    }
  }
  if (opType === '') reader.fail(`the node '${name}' has no operator`);
  return { opType, inputs, outputs, name, domain, attributes: attributes ?? noAttributes };
}

function readOpset(reader: ProtoReader): OnnxOpset {
  reader.take(entryObject);
  let domain = '';
  let version = 0;
  while (reader.next()) {
    if (reader.field === fields.opset.domain) domain = reader.string();
    else if (reader.field === fields.opset.version) version = readVersion(reader);
    else passOver(reader, 'opset');
  }
  return { domain, version };
}

function readEntry(reader: ProtoReader): [key: string, value: string] {
  reader.take(entryObject);
  let key = '';
  let value = '';
  while (reader.next()) {
    if (reader.field === fields.entry.key) key = reader.string();
    else if (reader.field === fields.entry.value) value = reader.string();
    else passOver(reader, 'entry');
  }
  return [key, value];
}

function readVersion(reader: ProtoReader): number {
  const version = reader.int();
  return typeof version === 'number' ? version : reader.fail(`${version} is no version`);
}
