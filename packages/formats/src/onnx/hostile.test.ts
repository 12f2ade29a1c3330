import { readFileSync } from 'node:fs';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import {
  AttributeProto_AttributeType,
  type GraphProtoSchema,
  ModelProtoSchema,
  type TensorProtoSchema,
} from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.js';
import { ProtoWriter } from '../protobuf/writer.js';
import { failure } from '../testing/failure.js';
import { decodeOnnx } from './decode.js';
import { encodeOnnx } from './encode.js';

type Graph = MessageInitShape<typeof GraphProtoSchema>;
type Tensor = MessageInitShape<typeof TensorProtoSchema>;
type Model = MessageInitShape<typeof ModelProtoSchema>;

const bytesOf = (model: Model) => toBinary(ModelProtoSchema, create(ModelProtoSchema, model));
const withGraph = (graph: Graph) => bytesOf({ irVersion: 8n, graph } as Model);
const withTensor = (tensor: Tensor) => withGraph({ initializer: [{ name: 'w', ...tensor }] } as Graph);
const float = 1;
const int8 = 3;
const bool = 9;
const { INT, TENSOR, SPARSE_TENSOR } = AttributeProto_AttributeType;

/** A model whose graph is nested so often through the attribute of a node. */
function nested(levels: number): Uint8Array {
  let graph = new Uint8Array();
  for (let i = 0; i < levels; i++) {
    const writer = new ProtoWriter();
    writer.message(1, (node) => {
      node.string(4, 'If');
      node.message(5, (attribute) => {
        attribute.bytes(6, graph);
        attribute.int(20, 5);
      });
    });
    graph = writer.finish() as Uint8Array<ArrayBuffer>;
  }
  const model = new ProtoWriter();
  model.int(1, 8);
  model.bytes(7, graph);
  return model.finish();
}

/** A sound model with a field more. */
function withField(write: (writer: ProtoWriter) => void): Uint8Array {
  const writer = new ProtoWriter();
  write(writer);
  return Uint8Array.from([...withGraph({}), ...writer.finish()]);
}

/** A model whose graph is written by hand. */
function withGraphBytes(write: (graph: ProtoWriter) => void): Uint8Array {
  const model = new ProtoWriter();
  model.int(1, 8);
  model.message(7, write);
  return model.finish();
}

function tensorType(dim: readonly unknown[]): never {
  return { value: { case: 'tensorType', value: { elemType: float, shape: { dim } } } } as never;
}

describe('decodeOnnx', () => {
  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'this is empty'],
    ['another format', new TextEncoder().encode('PK\u0003\u0004 a zip file'), 'teacher.onnx: '],
    ['a model without a version', bytesOf({ graph: {} }), 'not an ONNX model: it has no IR version'],
    ['two graphs', new Uint8Array([...withGraph({}), ...withGraph({})]), 'more than one graph'],
    ['a node without operator', withGraph({ node: [{ name: 'n' }] }), "the node 'n' has no operator"],
    [
      'an attribute twice',
      withGraph({
        node: [
          {
            opType: 'A',
            attribute: [
              { name: 'a', type: INT },
              { name: 'a', type: INT },
            ],
          },
        ],
      }),
      "the attribute 'a' occurs twice",
    ],
    [
      'an attribute of another kind',
      withGraph({ node: [{ opType: 'A', attribute: [{ name: 'a', type: SPARSE_TENSOR }] }] }),
      "the attribute 'a' is of kind 11, which is not read",
    ],
    [
      'an attribute without its tensor',
      withGraph({ node: [{ opType: 'A', attribute: [{ name: 'a', type: TENSOR }] }] }),
      "the attribute 'a' lacks its tensor",
    ],
    [
      "a function's attribute",
      withGraph({ node: [{ opType: 'A', attribute: [{ name: 'a', type: INT, refAttrName: 'b' }] }] }),
      "the attribute 'a' refers to a function's, and stands in none",
    ],
    [
      'external data',
      withTensor({ dataType: float, dataLocation: 1 }),
      "the tensor 'w' is kept in another file",
    ],
    ['a segment', withTensor({ dataType: float, segment: { begin: 0n } }), "'w' is a segment"],
    ['strings', withTensor({ dataType: 8, stringData: [] }), "'w' holds strings"],
    ['an unknown element type', withTensor({ dataType: 17 }), "'w' is of element type 17, which is not read"],
    ['no element type', withTensor({}), "'w' is of element type 0"],
    ['a negative size', withTensor({ dataType: float, dims: [-1n] }), "'w' has the impossible shape [-1]"],
    ['a huge size', withTensor({ dataType: float, dims: [2n ** 40n, 2n ** 40n] }), 'impossible shape'],
    ['a size beyond exact integers', withTensor({ dataType: float, dims: [2n ** 60n] }), 'impossible shape'],
    [
      'more values than there are',
      withTensor({ dataType: float, dims: [2n ** 40n], floatData: [1] }),
      "'w' needs 1099511627776 values, 1 are there",
    ],
    [
      'more bytes than there are',
      withTensor({ dataType: float, dims: [2n], rawData: new Uint8Array(4) }),
      "'w' needs 8 bytes, 4 are there",
    ],
    [
      'an int8 of 300',
      withTensor({ dataType: int8, dims: [1n], int32Data: [300] }),
      "'w' holds values that are no int8",
    ],
    [
      'a bool of 2',
      withTensor({ dataType: bool, dims: [1n], rawData: Uint8Array.of(2) }),
      'other than 0 and 1',
    ],
    [
      'a sequence',
      withGraph({ input: [{ name: 'x', type: { value: { case: 'sequenceType', value: {} } } }] }),
      "the value 'x' is no tensor",
    ],
    [
      'a sparse initialiser',
      withGraph({ sparseInitializer: [{ values: { name: 'w', dataType: float } }] }),
      'it holds weights as sparse tensors (sparse_initializer), which is not read',
    ],
    [
      'steps of training',
      bytesOf({ irVersion: 8n, graph: {}, trainingInfo: [{}] }),
      'it holds steps of training (training_info)',
    ],
    ['a field of another version', withField((writer) => writer.int(77, 1)), 'the field 77 of a model'],
    [
      'a field of a node of another version',
      withGraphBytes((graph) => graph.message(1, (node) => node.int(50, 1))),
      'the field 50 of a node',
    ],
    [
      'a million axes',
      withGraphBytes((graph) =>
        graph.message(5, (tensor) => tensor.bytes(1, new Uint8Array(1 << 20).fill(1))),
      ),
      'a list has more than 64 values',
    ],
    [
      'a value of 65 axes',
      withGraph({
        input: [
          { name: 'x', type: tensorType(new Array(65).fill({ value: { case: 'dimValue', value: 1n } })) },
        ],
      }),
      "the value 'x' has more than 64 axes",
    ],
    [
      'an attribute of six million integers',
      withGraphBytes((graph) =>
        graph.message(1, (node) => {
          node.string(4, 'A');
          node.message(5, (attribute) => attribute.bytes(8, new Uint8Array(6_000_000).fill(1)));
        }),
      ),
      'a list has more than 1000000 values',
    ],
    [
      'a hundred thousand attributes and as many nodes',
      withGraphBytes((graph) => {
        for (let i = 0; i < 150_000; i++) {
          graph.message(1, (node) => {
            node.string(4, 'A');
            node.message(5, (attribute) => attribute.int(20, 2));
          });
        }
      }),
      'out of proportion',
    ],
    ['graphs 200 deep', nested(200), 'nested more than 100 levels deep'],
  ])('refuses %s', (_, bytes, message) => {
    const error = failure(() => decodeOnnx(bytes, { source: 'teacher.onnx' }));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/^teacher\.onnx: /);
  });

  it('says what to do about external data', () => {
    try {
      decodeOnnx(withTensor({ dataType: float, dataLocation: 1 }));
      expect.unreachable();
    } catch (error) {
      expect((error as FormatError).hint).toBe('save the model as one file, without external data');
    }
  });

  it('takes empty raw data beside a list for no raw data', () => {
    const tensor = { dataType: float, dims: [1n], rawData: new Uint8Array(), floatData: [3] };
    expect(decodeOnnx(withTensor(tensor)).graph.initializers[0]?.data).toEqual(Float32Array.of(3));
  });

  it('leaves out documentation and notes', () => {
    const noted = bytesOf({
      irVersion: 8n,
      producerVersion: '2',
      docString: 'a model',
      graph: {
        docString: 'a graph',
        metadataProps: [{ key: 'k', value: 'v' }],
        node: [{ opType: 'A', docString: 'a node', metadataProps: [{ key: 'k', value: 'v' }] }],
      },
    } as Model);
    const plain = bytesOf({ irVersion: 8n, graph: { node: [{ opType: 'A' }] } } as Model);
    expect(encodeOnnx(decodeOnnx(noted))).toEqual(encodeOnnx(decodeOnnx(plain)));
  });

  it('reads a long list of small integers into an array of their type', () => {
    const values = new Uint8Array(1 << 12).map((_, i) => i & 0x7f);
    const bytes = withGraphBytes((graph) =>
      graph.message(5, (tensor) => {
        tensor.int(1, values.length);
        tensor.bytes(5, values);
        tensor.int(2, 2);
      }),
    );
    expect(decodeOnnx(bytes).graph.initializers[0]!.data).toEqual(values);
  });

  it('reads integers of every size as the file has them', () => {
    const int64Data = [0n, -1n, 2n ** 62n, -(2n ** 63n)];
    const read = decodeOnnx(withTensor({ dataType: 7, dims: [4n], int64Data }));
    expect(read.graph.initializers[0]?.data).toEqual(BigInt64Array.from(int64Data));
    const int32Data = [0, -1, 2 ** 31 - 1, -(2 ** 31)];
    const narrow = decodeOnnx(withTensor({ dataType: 6, dims: [4n], int32Data }));
    expect(narrow.graph.initializers[0]?.data).toEqual(Int32Array.from(int32Data));
  });

  it('takes -1 and an empty name for unknown sizes', () => {
    const dim = [
      { value: { case: 'dimValue' as const, value: -1n } },
      { value: { case: 'dimParam' as const, value: '' } },
    ];
    const type = { value: { case: 'tensorType' as const, value: { elemType: float, shape: { dim } } } };
    const read = decodeOnnx(withGraph({ input: [{ name: 'x', type }] }));
    expect(read.graph.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: [null, null] }]);
  });

  it('gives no name a meaning', () => {
    const attribute = [{ name: '__proto__', type: INT, i: 3n }];
    const read = decodeOnnx(withGraph({ node: [{ opType: 'A', attribute }] }));
    expect(Object.entries(read.graph.nodes[0]!.attributes)).toEqual([
      ['__proto__', { kind: 'int', value: 3 }],
    ]);
  });

  it('reads or refuses a damaged model, and claims no memory beyond its size', () => {
    const whole = new Uint8Array(readFileSync(new URL('../../fixtures/python.onnx', import.meta.url)));
    const edit = fc.record({
      at: fc.nat(whole.length - 1),
      byte: fc.nat(255),
      cut: fc.nat(9).map((n) => n === 0),
    });
    let read = 0;
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let bytes = whole.slice();
        for (const { at, byte, cut } of edits) {
          if (cut) bytes = bytes.slice(0, at);
          else if (at < bytes.length) bytes[at] = byte;
        }
        try {
          const { initializers } = decodeOnnx(bytes).graph;
          read++;
          const claimed = initializers.reduce((sum, { data }) => sum + data.byteLength, 0);
          expect(claimed).toBeLessThanOrEqual(8 * bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 3000 },
    );
    expect(read).toBeGreaterThan(100);
  });
});
