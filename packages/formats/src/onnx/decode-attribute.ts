import type { ProtoReader } from '../protobuf/reader.js';
import { readTensor } from './decode-tensor.js';
import type { OnnxAttribute, OnnxGraph, OnnxTensor } from './model.js';
import { attributeNumbers, fields } from './numbers.js';
import { passOver } from './pass-over.js';

/** Values of a list, which are kept as numbers one by one; whatever is longer is a tensor. */
const mostListed = 1_000_000;

/** What an object of an attribute takes, with its place in the node. */
const attributeObject = 128;

const kinds: ReadonlyMap<number, OnnxAttribute['kind']> = new Map(
  Object.entries(attributeNumbers).map(([kind, number]) => [number, kind as OnnxAttribute['kind']]),
);

/** A node of a function takes the value of an attribute from the node that calls the function. */
export interface AttributeReference {
  readonly kind: 'reference';
  /** Name of the function's attribute. */
  readonly value: string;
}

/** Reads an attribute; `readGraph` is handed in because graphs and attributes hold each other. */
export function readAttribute(
  reader: ProtoReader,
  readGraph: (reader: ProtoReader) => OnnxGraph,
): [name: string, attribute: OnnxAttribute | AttributeReference] {
  reader.take(attributeObject);
  let name = '';
  let type = 0;
  let reference = '';
  // Writers may leave out a scalar that is zero or empty.
  let float = 0;
  let int: number | bigint = 0;
  let string: string | Uint8Array = '';
  let tensor: OnnxTensor | undefined;
  let graph: OnnxGraph | undefined;
  const floats: number[] = [];
  const ints: (number | bigint)[] = [];
  const strings: (string | Uint8Array)[] = [];
  const tensors: OnnxTensor[] = [];
  const graphs: OnnxGraph[] = [];
  while (reader.next()) {
    switch (reader.field) {
      case fields.attribute.name:
        name = reader.name();
        break;
      case fields.attribute.type:
        type = reader.int32();
        break;
      case fields.attribute.float:
        float = reader.float();
        break;
      case fields.attribute.int:
        int = reader.int();
        break;
      case fields.attribute.string:
        string = text(reader);
        break;
      case fields.attribute.tensor:
        tensor = readTensor(reader.message());
        break;
      case fields.attribute.graph:
        graph = readGraph(reader.message());
        break;
      case fields.attribute.floats:
        reader.floats(floats, mostListed);
        break;
      case fields.attribute.ints:
        reader.ints(ints, mostListed);
        break;
      case fields.attribute.strings:
        strings.push(text(reader));
        break;
      case fields.attribute.tensors:
        tensors.push(readTensor(reader.message()));
        break;
      case fields.attribute.graphs:
        graphs.push(readGraph(reader.message()));
        break;
      case fields.attribute.reference:
        reference = reader.name();
        break;
      default:
        passOver(reader, 'attribute');
    }
  }
  if (reference !== '') return [name, { kind: 'reference', value: reference }];
  const kind = kinds.get(type);
  if (kind === undefined) return reader.fail(`the attribute '${name}' is of kind ${type}, which is not read`);
  const values = { float, int, string, tensor, graph, floats, ints, strings, tensors, graphs };
  const value = values[kind];
  if (value === undefined) return reader.fail(`the attribute '${name}' lacks its ${kind}`);
  return [name, { kind, value } as OnnxAttribute];
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** ONNX strings are bytes, nearly always text; the few that are not stay bytes. */
function text(reader: ProtoReader): string | Uint8Array {
  const bytes = reader.bytes();
  reader.take(bytes.length);
  try {
    return utf8.decode(bytes);
  } catch {
    return bytes;
  }
}
