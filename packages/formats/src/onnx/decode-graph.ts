import type { ProtoReader } from '../protobuf/reader.js';
import { readAttribute } from './decode-attribute.js';
import { readTensor } from './decode-tensor.js';
import { readValue } from './decode-value.js';
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValue } from './model.js';
import { fields } from './numbers.js';
import { passOver } from './pass-over.js';

/** Reads a graph: the model's, or one in an attribute. */
export function readGraph(reader: ProtoReader): OnnxGraph {
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
const nodeObject = 224;
const attributesObject = 256;

/** A node as the file has it: it may call a function by its overload, or take attributes of the function it stands in. */
export interface CallNode extends OnnxNode {
  readonly overload?: string;
  /** Names of the function's attributes, by the node's. */
  readonly references?: Readonly<Record<string, string>>;
}

/** Reads a node. References to attributes of functions are left in it. */
export function readNode(reader: ProtoReader): CallNode {
  reader.take(nodeObject);
  let opType = '';
  let name = '';
  let domain = '';
  let overload = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  let attributes: Record<string, OnnxAttribute> | undefined;
  let references: Record<string, string> | undefined;
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
        if (key in attributes || (references !== undefined && key in references))
          reader.fail(`the attribute '${key}' occurs twice in one node`);
        if (attribute.kind !== 'reference') attributes[key] = attribute;
        else {
          references ??= Object.create(null) as Record<string, string>;
          references[key] = attribute.value;
        }
        break;
      }
      case fields.node.domain:
        domain = reader.name();
        break;
      case fields.node.overload:
        overload = reader.name();
        break;
      default:
        passOver(reader, 'node');
    }
  }
  if (opType === '') reader.fail(`the node '${name}' has no operator`);
  const node = { opType, inputs, outputs, name, domain, attributes: attributes ?? noAttributes };
  if (overload === '' && references === undefined) return node;
  return { ...node, ...(overload !== '' && { overload }), ...(references && { references }) };
}
