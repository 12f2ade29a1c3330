import { describe, expect, it } from 'vitest';
import { encodeGraphModel } from './graph-model.js';
import { type TensorflowModel, type TensorflowTensor, tfAttr } from './model.js';

const constant = (name: string, value: TensorflowTensor) => ({
  name,
  op: 'Const',
  inputs: [],
  attributes: { dtype: tfAttr.type(value.dtype), value: tfAttr.tensor(value) },
});

const model: TensorflowModel = {
  tags: ['serve'],
  graph: {
    producer: 1087,
    nodes: [
      {
        name: 'x',
        op: 'Placeholder',
        inputs: [],
        attributes: { dtype: tfAttr.type('float32'), shape: tfAttr.shape([-1, 2]) },
      },
      constant('weight', { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) }),
      constant('axes', { dtype: 'int32', shape: [1], data: Int32Array.of(7) }),
      {
        name: 'y',
        op: 'Made',
        inputs: ['x', 'weight'],
        attributes: {
          n: tfAttr.int(-3),
          f: tfAttr.float(0.5),
          b: tfAttr.bool(true),
          s: tfAttr.string('NHWC'),
          list: tfAttr.ints([1, 2]),
        },
      },
    ],
  },
  signatures: {
    serving_default: {
      inputs: { image: { value: 'x:0', dtype: 'float32', shape: [-1, 2] } },
      outputs: { logits: { value: 'y:0', dtype: 'float32', shape: [-1, 2] } },
    },
  },
};

const encode = (options: { shardBytes?: number } = {}) =>
  encodeGraphModel(model, { signature: 'serving_default', metadata: { made: 'here' }, ...options });

const jsonOf = (files: Readonly<Record<string, Uint8Array>>) =>
  JSON.parse(new TextDecoder().decode(files['model.json']));

const any = (size: string) => ({ dim: [{ size: '-1' }, { size }] });

describe('encodeGraphModel', () => {
  it('writes nodes as protobuf has them in JSON', () => {
    const { modelTopology, signature, userDefinedMetadata, format } = jsonOf(encode());
    expect(format).toBe('graph-model');
    const [x, weight, , y] = modelTopology.node;
    expect(x.attr).toEqual({ dtype: { type: 'DT_FLOAT' }, shape: { shape: any('2') } });
    expect(weight.attr.value).toEqual({
      tensor: { dtype: 'DT_FLOAT', tensorShape: { dim: [{ size: '2' }] } },
    });
    expect(y).toEqual({
      name: 'y',
      op: 'Made',
      input: ['x', 'weight'],
      attr: {
        n: { i: '-3' },
        f: { f: 0.5 },
        b: { b: true },
        s: { s: 'TkhXQw==' },
        list: { list: { i: ['1', '2'] } },
      },
    });
    expect(signature.inputs.image).toEqual({ name: 'x:0', dtype: 'DT_FLOAT', tensorShape: any('2') });
    expect(userDefinedMetadata).toEqual({ made: 'here', structuredOutputKeys: ['logits'] });
  });

  it('keeps constants in files beside it, cut to size', () => {
    const [{ paths, weights }] = jsonOf(encode()).weightsManifest;
    expect(paths).toEqual(['group1-shard1of1.bin']);
    expect(weights).toEqual([
      { name: 'weight', shape: [2], dtype: 'float32' },
      { name: 'axes', shape: [1], dtype: 'int32' },
    ]);
    const whole = encode()['group1-shard1of1.bin']!;
    expect(whole).toEqual(new Uint8Array([...new Uint8Array(Float32Array.of(1, 2).buffer), 7, 0, 0, 0]));
    const parts = encode({ shardBytes: 8 });
    expect(Object.keys(parts)).toEqual(['model.json', 'group1-shard1of2.bin', 'group1-shard2of2.bin']);
    expect([...parts['group1-shard1of2.bin']!, ...parts['group1-shard2of2.bin']!]).toEqual([...whole]);
  });

  it('refuses what TensorFlow.js could not load', () => {
    expect(() => encodeGraphModel(model, { signature: 'other' })).toThrow("there is no signature 'other'");
    const small = constant('small', { dtype: 'int8', shape: [1], data: Int8Array.of(1) });
    const graph = { ...model.graph, nodes: [small] };
    expect(() => encodeGraphModel({ ...model, graph }, { signature: 'serving_default' })).toThrow(
      "constant 'small' is int8, which TensorFlow.js has not",
    );
  });
});
