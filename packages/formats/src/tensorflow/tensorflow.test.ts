import { createFileRegistry, fromBinary, fromJson, toJson } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.js';
import { encodeSavedModel } from './encode.js';
import { type TensorflowModel, type TensorflowNode, tfAttr } from './model.js';

/** TensorFlow's messages as its .proto files declare them: `name number type`, `*` for repeated, `map` by name. */
const declarations: Record<string, readonly string[]> = {
  SavedModel: ['saved_model_schema_version 1 int64', 'meta_graphs 2 *MetaGraphDef'],
  MetaGraphDef: ['meta_info_def 1 MetaInfoDef', 'graph_def 2 GraphDef', 'signature_def 5 map SignatureDef'],
  MetaInfoDef: ['tags 4 *string'],
  GraphDef: ['node 1 *NodeDef', 'versions 4 VersionDef'],
  VersionDef: ['producer 1 int32', 'min_consumer 2 int32'],
  NodeDef: ['name 1 string', 'op 2 string', 'input 3 *string', 'device 4 string', 'attr 5 map AttrValue'],
  AttrValue: [
    'list 1 ListValue',
    's 2 bytes',
    'i 3 int64',
    'f 4 float',
    'b 5 bool',
    'type 6 int32',
    'shape 7 TensorShapeProto',
    'tensor 8 TensorProto',
  ],
  ListValue: ['s 2 *bytes', 'i 3 *int64', 'f 4 *float'],
  TensorShapeProto: ['dim 2 *Dim', 'unknown_rank 3 bool'],
  Dim: ['size 1 int64', 'name 2 string'],
  TensorProto: ['dtype 1 int32', 'tensor_shape 2 TensorShapeProto', 'tensor_content 4 bytes'],
  SignatureDef: ['inputs 1 map TensorInfo', 'outputs 2 map TensorInfo', 'method_name 3 string'],
  TensorInfo: ['name 1 string', 'dtype 2 int32', 'tensor_shape 3 TensorShapeProto'],
};

const scalars = ['int64', 'int32', 'string', 'bytes', 'float', 'bool'];

/** A field of a descriptor, and the entry type that a map needs. */
function describeField(message: string, declaration: string) {
  const [name, number, kind, of] = declaration.split(' ') as [string, string, string, string?];
  const jsonName = name;
  const entry = `${name.replace(/(^|_)(.)/g, (_, __, letter: string) => letter.toUpperCase())}Entry`;
  const typed = (type: string, label: string) =>
    scalars.includes(type)
      ? { name, jsonName, number: Number(number), label, type: `TYPE_${type.toUpperCase()}` }
      : { name, jsonName, number: Number(number), label, type: 'TYPE_MESSAGE', typeName: `.tf.${type}` };
  if (kind === 'map') {
    const value = {
      name: 'value',
      number: 2,
      label: 'LABEL_OPTIONAL',
      type: 'TYPE_MESSAGE',
      typeName: `.tf.${of}`,
    };
    const key = { name: 'key', number: 1, label: 'LABEL_OPTIONAL', type: 'TYPE_STRING' };
    return {
      field: typed(`${message}.${entry}`, 'LABEL_REPEATED'),
      nested: [{ name: entry, field: [key, value], options: { mapEntry: true } }],
    };
  }
  const repeated = kind.startsWith('*');
  return { field: typed(kind.replace('*', ''), repeated ? 'LABEL_REPEATED' : 'LABEL_OPTIONAL'), nested: [] };
}

const messageType = Object.entries(declarations).map(([name, fields]) => {
  const described = fields.map((field) => describeField(name, field));
  return {
    name,
    field: described.map(({ field }) => field),
    nestedType: described.flatMap(({ nested }) => nested),
  };
});

const files = fromJson(FileDescriptorSetSchema, {
  file: [{ name: 'tf.proto', package: 'tf', syntax: 'proto3', messageType }],
} as never);
const schema = createFileRegistry(files).getMessage('tf.SavedModel')!;

const decode = (bytes: Uint8Array) => toJson(schema, fromBinary(schema, bytes)) as never;

const node = (name: string, others: Partial<TensorflowNode> = {}): TensorflowNode => ({
  name,
  op: 'NoOp',
  inputs: [],
  attributes: {},
  ...others,
});

const model = (nodes: readonly TensorflowNode[]): TensorflowModel => ({
  tags: ['serve'],
  graph: { nodes, producer: 1087 },
  signatures: {
    step: {
      inputs: { 'größe x': { value: 'x:0', dtype: 'float32', shape: [-1, 2] } },
      outputs: { y: { value: 'y:1', dtype: 'bool', shape: [] } },
    },
  },
});

const everyAttribute = node('layer1.0/every', {
  op: 'Every',
  inputs: ['x', 'y:1', '^z'],
  attributes: {
    int: tfAttr.int(-3),
    float: tfAttr.float(0.25),
    bool: tfAttr.bool(true),
    string: tfAttr.string('NHWC'),
    type: tfAttr.type('bfloat16'),
    shape: tfAttr.shape([2, 0, -1]),
    scalar: tfAttr.shape([]),
    ints: tfAttr.ints([1, -2, 300]),
    none: tfAttr.ints([]),
    tensor: tfAttr.tensor({ dtype: 'int32', shape: [1, 2], data: Int32Array.of(-1, 258) }),
  },
});

describe('encodeSavedModel', () => {
  it('writes what an independent reader reads', () => {
    const [meta] = (decode(encodeSavedModel(model([everyAttribute]))) as { meta_graphs: unknown[] })
      .meta_graphs;
    expect(meta).toEqual({
      meta_info_def: { tags: ['serve'] },
      graph_def: {
        node: [
          {
            name: 'layer1.0/every',
            op: 'Every',
            input: ['x', 'y:1', '^z'],
            attr: {
              int: { i: '-3' },
              float: { f: 0.25 },
              bool: { b: true },
              string: { s: Buffer.from('NHWC').toString('base64') },
              type: { type: 14 },
              shape: { shape: { dim: [{ size: '2' }, {}, { size: '-1' }] } },
              scalar: { shape: {} },
              ints: { list: { i: ['1', '-2', '300'] } },
              none: { list: {} },
              tensor: {
                tensor: {
                  dtype: 3,
                  tensor_shape: { dim: [{ size: '1' }, { size: '2' }] },
                  tensor_content: Buffer.of(255, 255, 255, 255, 2, 1, 0, 0).toString('base64'),
                },
              },
            },
          },
        ],
        versions: { producer: 1087 },
      },
      signature_def: {
        step: {
          inputs: {
            'größe x': { name: 'x:0', dtype: 1, tensor_shape: { dim: [{ size: '-1' }, { size: '2' }] } },
          },
          outputs: { y: { name: 'y:1', dtype: 10, tensor_shape: {} } },
          method_name: 'tensorflow/serving/predict',
        },
      },
    });
  });

  it('writes nothing that the reader does not know', () => {
    const read = fromBinary(schema, encodeSavedModel(model([everyAttribute, node('other')])));
    const text = JSON.stringify(read, (_, value) => (typeof value === 'bigint' ? `${value}` : value));
    expect(text).toContain('layer1.0/every');
    // where the reader keeps the fields it has no declaration of
    expect(text).not.toContain('$unknown');
  });

  it('gives the same bytes for the same model', () => {
    expect(encodeSavedModel(model([everyAttribute]))).toEqual(encodeSavedModel(model([everyAttribute])));
  });

  it.each([
    ['a name TensorFlow refuses', [node('_x')], "'_x' (NoOp) is no name"],
    ['a name with a space', [node('a b')], "'a b' (NoOp) is no name"],
    ['two nodes of one name', [node('a'), node('a')], "two nodes are called 'a'"],
    [
      'a tensor whose data does not fit',
      [
        node('c', {
          op: 'Const',
          attributes: { value: tfAttr.tensor({ dtype: 'float32', shape: [3], data: new Float32Array(2) }) },
        }),
      ],
      "attribute 'value' of node 'c' (Const)",
    ],
    ['a size that is none', [node('s', { attributes: { shape: tfAttr.shape([-2]) } })], '-2 is no size'],
  ])('refuses %s', (_, nodes, message) => {
    const encode = () => encodeSavedModel(model(nodes));
    expect(encode).toThrow(FormatError);
    expect(encode).toThrow(message);
  });
});
