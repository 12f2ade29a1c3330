import { attr, encodeOnnx, type OnnxGraph, type OnnxNode } from '@limbeck/formats';
import fc from 'fast-check';

/** Names of values that nodes take and give, so that most graphs hang together. */
const names = ['x', 'a', 'b', 'c', 'n', 'one', 'y'] as const;
const name = fc.constantFrom(...names);

/** Operators that take memory, time, or what nobody foresees. */
const operators = [
  'Add',
  'Relu',
  'Identity',
  'MatMul',
  'Concat',
  'Reshape',
  'Expand',
  'Tile',
  'ConstantOfShape',
  'Range',
  'Pad',
  'Resize',
  'NonZero',
  'Flatten',
  'GlobalAveragePool',
  'ReduceSum',
  'Cast',
  'Gather',
  'Transpose',
  'Squeeze',
  'Softmax',
  'Dropout',
  'Frobnicate',
] as const;

const attribute = fc.oneof(
  fc
    .tuple(fc.constantFrom('axis', 'to', 'keepdims', 'group'), fc.integer({ min: -4, max: 20 }))
    .map(([key, value]) => [key, attr.int(value)] as const),
  fc
    .tuple(
      fc.constantFrom('perm', 'axes', 'pads', 'strides'),
      fc.array(fc.integer({ min: -2, max: 9 }), { maxLength: 4 }),
    )
    .map(([key, value]) => [key, attr.ints(value)] as const),
);

const node: fc.Arbitrary<OnnxNode> = fc
  .record({
    opType: fc.constantFrom(...operators),
    inputs: fc.array(name, { minLength: 1, maxLength: 3 }),
    output: fc.constantFrom('a', 'b', 'c', 'y'),
    attributes: fc.array(attribute, { maxLength: 2 }),
  })
  .map(({ opType, inputs, output, attributes }) => ({
    opType,
    inputs,
    outputs: [output],
    name: opType,
    attributes: Object.fromEntries(attributes),
  }));

/** A loop that need not end. */
const loop = (trips: bigint): OnnxNode => {
  const body: OnnxGraph = {
    name: 'body',
    nodes: [
      { opType: 'Identity', inputs: ['going'], outputs: ['on'], name: '', attributes: {} },
      { opType: 'Add', inputs: ['value', 'value'], outputs: ['next'], name: '', attributes: {} },
    ],
    initializers: [{ name: 'trips', dtype: 'int64', shape: [], data: BigInt64Array.of(trips) }],
    inputs: [
      { name: 'i', dtype: 'int64', shape: [] },
      { name: 'going', dtype: 'bool', shape: [] },
      { name: 'value', dtype: 'float32' },
    ],
    outputs: [
      { name: 'on', dtype: 'bool', shape: [] },
      { name: 'next', dtype: 'float32' },
    ],
  };
  return {
    opType: 'Loop',
    inputs: ['trips', 'yes', 'x'],
    outputs: ['a'],
    name: 'loop',
    attributes: { body: { kind: 'graph', value: body } },
  };
};

/** Models made up of such nodes, with sizes that are small, large and impossible. */
export const hostileGraphs: fc.Arbitrary<Uint8Array> = fc
  .record({
    nodes: fc.array(node, { minLength: 1, maxLength: 6 }),
    size: fc.constantFrom(0n, 1n, 2n, 1000n, 2n ** 20n, 2n ** 31n, 2n ** 40n, -1n),
    trips: fc.constantFrom(undefined, 3n, 2n ** 62n),
  })
  .map(({ nodes, size, trips }) =>
    encodeOnnx({
      irVersion: 8,
      opsetImports: [{ domain: '', version: 17 }],
      producerName: 'fuzz',
      metadata: {},
      graph: {
        name: 'g',
        nodes: [
          ...(trips === undefined ? [] : [loop(trips)]),
          ...nodes,
          { opType: 'Flatten', inputs: ['x'], outputs: ['y'], name: '', attributes: {} },
        ],
        initializers: [
          { name: 'n', dtype: 'int64', shape: [1], data: BigInt64Array.of(size) },
          { name: 'one', dtype: 'float32', shape: [1], data: Float32Array.of(1) },
          { name: 'trips', dtype: 'int64', shape: [], data: BigInt64Array.of(trips ?? 1n) },
          { name: 'yes', dtype: 'bool', shape: [], data: Uint8Array.of(1) },
        ],
        inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 1, 8, 8] }],
        outputs: [{ name: 'y' }],
      },
    }),
  );
