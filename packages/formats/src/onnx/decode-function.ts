import type { ProtoReader } from '../protobuf/reader.js';
import { readAttribute } from './decode-attribute.js';
import { type CallNode, readGraph, readNode } from './decode-graph.js';
import { readOpset } from './decode-opset.js';
import type { OnnxAttribute, OnnxOpset } from './model.js';
import { fields } from './numbers.js';
import { passOver } from './pass-over.js';

/** A function of a model's own, as `FunctionProto`: nodes that a node stands for. */
export interface OnnxFunction {
  readonly domain: string;
  readonly name: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** What its attributes are where a call does not say. */
  readonly defaults: Readonly<Record<string, OnnxAttribute>>;
  readonly nodes: readonly CallNode[];
  readonly opsetImports: readonly OnnxOpset[];
}

/** What an object of a function takes. */
const functionObject = 768;

/** Reads a function. */
export function readFunction(reader: ProtoReader): OnnxFunction {
  reader.take(functionObject);
  let [domain, name, overload] = ['', '', ''];
  const inputs: string[] = [];
  const outputs: string[] = [];
  const defaults: Record<string, OnnxAttribute> = Object.create(null);
  const nodes: CallNode[] = [];
  const opsetImports: OnnxOpset[] = [];
  while (reader.next()) {
    switch (reader.field) {
      case fields.function.name:
        name = reader.name();
        break;
      case fields.function.domain:
        domain = reader.name();
        break;
      case fields.function.overload:
        overload = reader.name();
        break;
      case fields.function.input:
        inputs.push(reader.string());
        break;
      case fields.function.output:
        outputs.push(reader.string());
        break;
      case fields.function.attribute:
        // a name without a value: calls have to give it
        reader.name();
        break;
      case fields.function.attributeDefault: {
        const [key, attribute] = readAttribute(reader.message(), readGraph);
        if (attribute.kind === 'reference')
          reader.fail(`the default of the attribute '${key}' is a reference`);
        else defaults[key] = attribute;
        break;
      }
      case fields.function.node:
        nodes.push(readNode(reader.message()));
        break;
      case fields.function.opsetImport:
        opsetImports.push(readOpset(reader.message()));
        break;
      default:
        passOver(reader, 'function');
    }
  }
  return { domain, name, overload, inputs, outputs, defaults, nodes, opsetImports };
}
