import { FormatError, type ReadOptions } from '../errors.js';
import { openProto, type ProtoReader } from '../protobuf/reader.js';
import { type OnnxFunction, readFunction } from './decode-function.js';
import { readGraph } from './decode-graph.js';
import { readOpset, readVersion } from './decode-opset.js';
import { inlineFunctions } from './inline-functions.js';
import type { OnnxGraph, OnnxModel, OnnxOpset } from './model.js';
import { fields } from './numbers.js';
import { passOver } from './pass-over.js';
import { refuseWeightsAlone } from './refuse-weights.js';

/**
 * Reads an `.onnx` file, which need not be trusted. Tensors' data are views of `bytes` where the alignment allows: do
 * not write to either.
 *
 * What is read is all that the model computes: documentation and notes are left out, functions of the file's own are put in
 * the place of the nodes that call them, and a file that holds anything else is refused. A runtime is given what {@link encodeOnnx} makes of the result, never the file itself.
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
  const functions: OnnxFunction[] = [];
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
      case fields.model.function:
        functions.push(readFunction(reader.message()));
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
  return {
    irVersion,
    producerName,
    metadata,
    ...inlineFunctions(reader, { graph, opsetImports, functions }),
  };
}

/** What an object of an entry takes. */
const entryObject = 128;

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
