import { readFileSync } from 'node:fs';
import { fromBinary, toBinary, toJson } from '@bufbuild/protobuf';
import { tensorData } from '@limbeck/graph';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.js';
import { decodeOnnx } from './decode.js';
import { encodeOnnx } from './encode.js';
import { attr, type OnnxModel, type OnnxTensor } from './model.js';

const kernel: OnnxTensor = {
  name: 'kernel',
  ...tensorData('float32', [2, 1, 1, 1], Float32Array.of(0.5, -1.5)),
};

/** A model with something of everything. */
const model: OnnxModel = {
  irVersion: 8,
  opsetImports: [
    { domain: '', version: 17 },
    { domain: 'com.example', version: 1 },
  ],
  producerName: 'limbeck',
  metadata: { author: 'größer' },
  graph: {
    name: 'student',
    nodes: [
      {
        opType: 'Conv',
        inputs: ['x', 'kernel', ''],
        outputs: ['maps'],
        name: 'conv1',
        domain: '',
        attributes: { kernel_shape: attr.ints([1, 1]), group: attr.int(0), auto_pad: attr.string('NOTSET') },
      },
      {
        opType: 'Special',
        inputs: ['maps'],
        outputs: ['y'],
        name: '',
        domain: 'com.example',
        attributes: {
          alpha: attr.float(0.25),
          scales: attr.floats([1, Number.POSITIVE_INFINITY]),
          modes: attr.strings(['a', '']),
          end: attr.int(2n ** 63n - 1n),
          constant: attr.tensor(kernel),
          pair: { kind: 'tensors', value: [kernel, kernel] },
          blob: { kind: 'string', value: Uint8Array.of(0xff, 0xfe) },
          body: {
            kind: 'graph',
            value: {
              name: 'then',
              nodes: [],
              inputs: [],
              outputs: [],
              initializers: [kernel],
              valueInfo: [],
            },
          },
        },
      },
    ],
    inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 1, null, 4] }],
    outputs: [{ name: 'y', dtype: 'float32' }],
    valueInfo: [{ name: 'maps', dtype: 'bfloat16', shape: [] }, { name: 'unknown' }],
    initializers: [
      kernel,
      { name: 'f64', dtype: 'float64', shape: [1], data: Float64Array.of(0.1) },
      { name: 'f16', dtype: 'float16', shape: [1], data: Uint16Array.of(0x3e00) },
      { name: 'bf16', dtype: 'bfloat16', shape: [1], data: Uint16Array.of(0x3f80) },
      { name: 'i64', dtype: 'int64', shape: [2], data: BigInt64Array.of(-1n, 2n ** 62n) },
      { name: 'i32', dtype: 'int32', shape: [], data: Int32Array.of(-7) },
      { name: 'i8', dtype: 'int8', shape: [1, 3], data: Int8Array.of(-128, 0, 127) },
      { name: 'u8', dtype: 'uint8', shape: [0], data: new Uint8Array() },
      { name: 'bool', dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) },
    ],
  },
};

describe('encodeOnnx', () => {
  it('is read by an independent reader as it was meant', () => {
    const read = fromBinary(ModelProtoSchema, encodeOnnx(model));
    expect(toJson(ModelProtoSchema, read)).toMatchSnapshot();
  });

  it('writes nothing that the independent reader does not know', () => {
    const read = fromBinary(ModelProtoSchema, encodeOnnx(model), { readUnknownFields: false });
    expect(decodeOnnx(toBinary(ModelProtoSchema, read))).toEqual(model);
  });

  it('gives the same bytes for the same model', () => {
    expect(encodeOnnx(model)).toEqual(encodeOnnx(structuredClone(model)));
  });

  const withTensor = (tensor: object) => ({
    ...model,
    graph: { ...model.graph, initializers: [tensor as never] },
  });
  const withAttribute = (value: never) => {
    const node = {
      opType: 'Conv',
      inputs: [],
      outputs: [],
      name: 'conv1',
      attributes: { group: attr.int(value) },
    };
    return { ...model, graph: { ...model.graph, nodes: [node] } };
  };
  const withInput = (shape: number[]) => ({
    ...model,
    graph: { ...model.graph, inputs: [{ name: 'x', shape }] },
  });
  it.each<[string, OnnxModel, string]>([
    ['a misshapen tensor', withTensor({ ...kernel, shape: [3] }), "tensor 'kernel' has shape [3]"],
    ['a fractional integer', withAttribute(0.5 as never), "attribute 'group' of node 'conv1' (Conv) is 0.5"],
    [
      'an integer of 65 bits',
      withAttribute((2n ** 63n) as never),
      'is 9223372036854775808, which is no 64-bit integer',
    ],
    ['a negative size', withInput([-1]), "value 'x' has the dimension -1"],
  ])('refuses %s', (_, bad, message) => {
    expect(() => encodeOnnx(bad)).toThrow(FormatError);
    expect(() => encodeOnnx(bad)).toThrow(message);
  });
});

describe('decodeOnnx', () => {
  it('reads back what was encoded', () => {
    expect(decodeOnnx(encodeOnnx(model))).toEqual(model);
  });

  it('takes the data of aligned tensors as views', () => {
    const bytes = encodeOnnx(model);
    const { initializers } = decodeOnnx(bytes).graph;
    const buffers = initializers.filter(({ dtype }) => dtype === 'int8' || dtype === 'bool');
    for (const { name, data } of buffers) expect(data.buffer, name).toBe(bytes.buffer);
  });

  it('reads a model of the Python package, values in typed lists included', () => {
    const bytes = readFileSync(new URL('../../fixtures/python.onnx', import.meta.url));
    const read = decodeOnnx(bytes);
    expect(read).toMatchObject({ irVersion: 8, producerName: 'fixture', metadata: { author: 'limbeck' } });
    expect(read.opsetImports).toEqual([{ domain: '', version: 17 }]);
    expect(read.graph.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['batch', 1, null, 4] }]);
    expect(read.graph.outputs).toEqual([{ name: 'y', dtype: 'float32', shape: [null, 2] }]);
    expect(read.graph.nodes).toEqual([
      {
        opType: 'Conv',
        inputs: ['x', 'weight'],
        outputs: ['maps'],
        name: 'conv',
        domain: '',
        attributes: { kernel_shape: attr.ints([1, 1]), strides: attr.ints([1, 1]), group: attr.int(1) },
      },
      {
        opType: 'LeakyRelu',
        inputs: ['maps'],
        outputs: ['act'],
        name: 'act',
        domain: '',
        attributes: { alpha: attr.float(0.25) },
      },
      {
        opType: 'Reshape',
        inputs: ['act', 'shape'],
        outputs: ['y'],
        name: 'flat',
        domain: '',
        attributes: {},
      },
    ]);
    expect(read.graph.initializers).toEqual([
      { name: 'weight', dtype: 'float32', shape: [2, 1, 1, 1], data: Float32Array.of(0.5, -1.5) },
      { name: 'shape', dtype: 'int64', shape: [2], data: BigInt64Array.of(-1n, 2n) },
      { name: 'int8', dtype: 'int8', shape: [2], data: Int8Array.of(-128, 127) },
      { name: 'bool', dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) },
      { name: 'double', dtype: 'float64', shape: [1], data: Float64Array.of(0.1) },
      { name: 'uint64', dtype: 'uint64', shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
      { name: 'int64', dtype: 'int64', shape: [2], data: BigInt64Array.of(-(2n ** 63n), -1n) },
      { name: 'float16', dtype: 'float16', shape: [1], data: Uint16Array.of(0x3e00) },
    ]);
  });
});
