import { bytesOf, checkTensor } from '../element-types.js';
import { FormatError } from '../errors.js';
import { checkNames } from './encode.js';
import type {
  TensorflowAttribute,
  TensorflowModel,
  TensorflowPort,
  TensorflowTensor,
  TensorflowType,
} from './model.js';
import { typeNames } from './numbers.js';

/** What a TensorFlow.js graph model says about itself. */
export interface GraphModelOptions {
  /** Which way to call the graph; a model for browsers has one. */
  readonly signature: string;
  /** Kept as `userDefinedMetadata`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Bytes of a file of weights, at most. Default 4 MiB, which browsers cache. */
  readonly shardBytes?: number;
}

/** How weights are named in the manifest; what else TensorFlow has is not known in browsers. */
const weightTypes: Readonly<Partial<Record<TensorflowType, string>>> = {
  float32: 'float32',
  int32: 'int32',
  bool: 'bool',
};

/**
 * A graph as TensorFlow.js loads it with `loadGraphModel`: `model.json`, and the constants in files beside it.
 *
 * @returns the files by name
 * @throws FormatError BAD_DATA for a name that is none, for constants of a type that TensorFlow.js does not know, or where
 * the signature does not exist
 */
export function encodeGraphModel(
  { graph, signatures }: TensorflowModel,
  { signature, metadata, shardBytes = 4 << 20 }: GraphModelOptions,
): Readonly<Record<string, Uint8Array>> {
  checkNames(graph.nodes);
  const ports = signatures[signature];
  if (ports === undefined) throw new FormatError('BAD_DATA', `there is no signature '${signature}'`);
  const weights: { name: string; shape: readonly number[]; dtype: string }[] = [];
  const contents: Uint8Array[] = [];
  for (const { name, op, attributes } of graph.nodes) {
    if (op !== 'Const' || attributes.value?.kind !== 'tensor') continue;
    const tensor = attributes.value.value;
    const dtype = weightTypes[tensor.dtype];
    if (dtype === undefined)
      throw new FormatError('BAD_DATA', `constant '${name}' is ${tensor.dtype}, which TensorFlow.js has not`);
    checkTensor(`constant '${name}'`, tensor);
    weights.push({ name, shape: tensor.shape, dtype });
    contents.push(bytesOf(tensor.data));
  }
  const shards = cut(contents, shardBytes);
  const paths = shards.map((_, i) => `group1-shard${i + 1}of${shards.length}.bin`);
  const model = {
    format: 'graph-model',
    modelTopology: {
      node: graph.nodes.map(({ name, op, inputs, attributes }) => ({
        name,
        op,
        input: inputs,
        attr: mapValues(attributes, attributeJson),
      })),
      versions: { producer: graph.producer },
    },
    signature: { inputs: mapValues(ports.inputs, portJson), outputs: mapValues(ports.outputs, portJson) },
    weightsManifest: [{ paths, weights }],
    // with the keys, a prediction comes back by name, and not as a list
    userDefinedMetadata: { ...metadata, structuredOutputKeys: Object.keys(ports.outputs) },
  };
  return {
    'model.json': new TextEncoder().encode(JSON.stringify(model)),
    ...Object.fromEntries(shards.map((shard, i) => [paths[i]!, shard])),
  };
}

/** All contents one after another, in files of a size. */
function cut(contents: readonly Uint8Array[], shardBytes: number): Uint8Array[] {
  const total = contents.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const all = new Uint8Array(total);
  let at = 0;
  for (const content of contents) {
    all.set(content, at);
    at += content.byteLength;
  }
  const shards = Math.max(1, Math.ceil(total / shardBytes));
  return Array.from({ length: shards }, (_, i) => all.subarray(i * shardBytes, (i + 1) * shardBytes));
}

const mapValues = <T>(of: Readonly<Record<string, T>>, change: (value: T) => unknown) =>
  Object.fromEntries(Object.entries(of).map(([key, value]) => [key, change(value)]));

const portJson = ({ value, dtype, shape }: TensorflowPort) => ({
  name: value,
  dtype: typeNames[dtype],
  tensorShape: shapeJson(shape),
});

/** Whole numbers of 64 bits are text in protobuf's JSON. */
const shapeJson = (shape: readonly number[]) => ({ dim: shape.map((size) => ({ size: String(size) })) });

const tensorJson = ({ dtype, shape }: TensorflowTensor) => ({
  dtype: typeNames[dtype],
  tensorShape: shapeJson(shape),
});

function attributeJson(attribute: TensorflowAttribute): unknown {
  switch (attribute.kind) {
    case 'int':
      return { i: String(attribute.value) };
    case 'float':
      return { f: attribute.value };
    case 'bool':
      return { b: attribute.value };
    case 'string':
      return { s: base64(attribute.value) };
    case 'type':
      return { type: typeNames[attribute.value] };
    case 'shape':
      return { shape: shapeJson(attribute.value) };
    case 'tensor':
      return { tensor: tensorJson(attribute.value) };
    case 'ints':
      return { list: { i: attribute.value.map(String) } };
  }
}

const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
