import type { Feeds, LoadedModel } from '@limbeck/core/backend';
import { attr, decodeOnnx, encodeOnnx, type OnnxNode } from '@limbeck/formats';
import {
  add,
  broadcastTo,
  Graph,
  gelu,
  interpret,
  layerNorm,
  matmul,
  mean,
  mul,
  type Program,
  pad,
  program,
  reduceMax,
  relu,
  reshape,
  slice,
  type Tensor,
} from '@limbeck/graph';
import { boundNetwork, deviationOf, networkImages, patternFill } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import { onnxBackend } from '../backend.js';
import { onnxExporter } from './exporter.js';

const normalized = (x: Tensor): Tensor => {
  const width = x.shape.at(-1)!;
  const vector = (value: number) => broadcastTo(x.graph.scalar(value), [width]);
  return layerNorm(x, vector(1.5), vector(0.25), { epsilon: 1e-5 });
};

const exported = () => onnxExporter.write(boundNetwork(1), { metadata: { made: 'for a test' } });

async function using<T>(bytes: Uint8Array, use: (model: LoadedModel) => Promise<T>): Promise<T> {
  const model = await onnxBackend.load!(bytes, { threads: 1 });
  try {
    return await use(model);
  } finally {
    await model.dispose();
  }
}

describe('exported model', () => {
  test.each([1, 5])('written from batch 1 takes a batch of %i', async (batch) => {
    const image = networkImages(batch);
    const expected = interpret(boundNetwork(batch), new Map([['image', image]])).outputs;
    const actual = await using(exported(), (model) => model.run({ image }));
    for (const [name, { data, shape, dtype }] of expected) {
      expect(actual[name], name).toMatchObject({ shape, dtype });
      expect(deviationOf(actual[name]!.data, data, 1e-3).relative, name).toBeLessThan(1e-4);
    }
  });

  test('names the batch, says its operator set and metadata, and needs no operators beyond ONNX', () => {
    const model = decodeOnnx(exported());
    expect(model.opsetImports).toEqual([{ domain: '', version: 20 }]);
    expect(model.irVersion).toBe(9);
    expect(model.metadata).toEqual({ made: 'for a test' });
    expect(model.graph.inputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['image', ['batch', 3, 8, 8]],
    ]);
    expect(model.graph.outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['logits', ['batch', 5]],
      ['probabilities', ['batch', 5]],
      ['class', ['batch']],
      ['first', ['batch', 4]],
      ['stretched', ['batch', 4]],
      ['bias', ['batch', 4]],
    ]);
  });

  test('has batch normalisation and biases inside its convolutions and products', () => {
    const counts = new Map<string, number>();
    for (const { opType } of decodeOnnx(exported()).graph.nodes)
      counts.set(opType, (counts.get(opType) ?? 0) + 1);
    expect(counts.get('Conv')).toBe(3);
    expect(counts.get('Gemm')).toBe(1);
    expect(counts.has('BatchNormalization')).toBe(false);
  });

  test('is the same file every time', () => {
    expect(exported()).toEqual(exported());
  });
});

const written = (target: Program, options?: { opset?: number; dtype?: 'float32' | 'float16' }) =>
  onnxExporter.write(target, { options: { dtype: 'float32', ...options } });

const opsetOf = (bytes: Uint8Array) => decodeOnnx(bytes).opsetImports[0]!.version;

describe('operator sets', () => {
  const cases: readonly (readonly [name: string, build: (x: Tensor) => Tensor, lowest: number])[] = [
    ['relu', relu, 13],
    ['a maximum over an axis', (x) => reduceMax(x, { axis: 1 }), 13],
    ['layer normalisation', (x) => normalized(x), 17],
    ['gelu', gelu, 20],
    ['both and a maximum', (x) => reduceMax(gelu(normalized(x)), { axis: 1 }), 20],
  ];
  const ofBatch = (build: (x: Tensor) => Tensor, batch: number) => {
    const graph = new Graph();
    return program({ name: 'p', outputs: { y: build(graph.input('x', [batch, 4])) } });
  };

  test.each(cases)('%s is in the lowest that has it', (_, build, lowest) => {
    expect(opsetOf(written(ofBatch(build, 2)))).toBe(lowest);
  });

  test.each(cases)('%s computes the same in all', async (_, build) => {
    const x = patternFill('operator sets', 'x', [3, 4]);
    const expected = interpret(ofBatch(build, 3), new Map([['x', x]])).outputs.get('y')!;
    for (let opset = 13; opset <= 20; opset++) {
      const bytes = written(ofBatch(build, 2), { opset });
      expect(opsetOf(bytes)).toBe(opset);
      const { y } = await using(bytes, (model) => model.run({ x }));
      expect(deviationOf(y!.data, expected.data, 1e-3).relative, `opset ${opset}`).toBeLessThan(1e-5);
    }
  });
});

test('padding along channels and tokens joins constants on, along height and width it pads', async () => {
  const padded = (batch: number) => {
    const graph = new Graph();
    const map = graph.input('map', [batch, 2, 3, 3]);
    const tokens = graph.input('tokens', [batch, 4, 5]);
    return program({
      name: 'p',
      outputs: {
        channels: pad(map, { before: [0, 1, 0, 0], after: [0, 2, 0, 0] }),
        places: pad(map, { before: [0, 0, 1, 0], after: [0, 0, 0, 2] }),
        all: pad(map, { before: [0, 1, 2, 1], after: [0, 0, 0, 1], value: 3 }),
        longer: pad(tokens, { before: [0, 1, 0], after: [0, 0, 0] }),
      },
    });
  };
  const bytes = written(padded(1));
  for (const { opType, inputs } of decodeOnnx(bytes).graph.nodes) {
    if (opType !== 'Pad') continue;
    const pads = decodeOnnx(bytes).graph.initializers.find(({ name }) => name === inputs[1])!;
    expect(Array.from(pads.data, Number).filter((_, i) => i % 4 < 2)).toEqual([0, 0, 0, 0]);
  }
  const feeds = {
    map: patternFill('padding', 'map', [3, 2, 3, 3]),
    tokens: patternFill('padding', 'tokens', [3, 4, 5]),
  };
  const expected = interpret(padded(3), new Map(Object.entries(feeds))).outputs;
  const actual = await using(bytes, (model) => model.run(feeds));
  for (const [name, { data, shape }] of expected) {
    expect(actual[name]!.shape).toEqual(shape);
    expect(Array.from(actual[name]!.data), name).toEqual(Array.from(data));
  }
});

describe('float16', () => {
  test('halves the weights, and gives float32', async () => {
    const bytes = written(boundNetwork(1), { dtype: 'float16' });
    const { graph } = decodeOnnx(bytes);
    expect(graph.initializers.filter(({ dtype }) => dtype === 'float32')).toEqual([]);
    expect(graph.inputs.concat(graph.outputs).some(({ dtype }) => dtype === 'float16')).toBe(false);
    const image = networkImages(5);
    const expected = interpret(boundNetwork(5), new Map([['image', image]])).outputs.get('logits')!;
    const { logits } = await using(bytes, (model) => model.run({ image }));
    const largest = Math.max(...Array.from(expected.data, Math.abs));
    const worst = Math.max(...Array.from(expected.data, (value, i) => Math.abs(value - logits!.data[i]!)));
    expect(worst / largest).toBeLessThan(2e-3);
  });

  test('is refused for a number it cannot hold', () => {
    const graph = new Graph();
    const target = program({ name: 'p', outputs: { y: mul(graph.input('x', [2, 3]), graph.scalar(1e6)) } });
    expect(() => written(target, { dtype: 'float16' })).toThrow(/holds 1000000, which float16 cannot hold/);
  });
});

describe('the exporter refuses', () => {
  const [graph, other] = [new Graph(), new Graph()];
  const x = graph.input('x', [4, 3]);
  const refusals: readonly (readonly [what: string, target: Program, message: RegExp])[] = [
    [
      'state',
      program({ name: 'stateful', outputs: { y: add(x, graph.state('w', [3])) } }),
      /'stateful' cannot be exported: it has state, 'w'/,
    ],
    [
      'an output with the name of an input',
      program({ name: 'echo', outputs: { x: relu(x) } }),
      /'x' is an input and/,
    ],
    [
      'a mean over the batch',
      program({ name: 'p', outputs: { y: mean(x) } }),
      /'sum' of \[4, 3\].*over the batch/,
    ],
    [
      'a batch that dissolves',
      program({ name: 'p', outputs: { y: graph.scoped('head', () => reshape(x, [12])) } }),
      /'reshape' of \[4, 3\] at head .*no axis for the batch/,
    ],
    [
      'something as large as this batch',
      program({ name: 'p', outputs: { y: add(x, broadcastTo(graph.scalar(1), [4, 3])) } }),
      /'add' .* fixed size/,
    ],
    [
      'picking examples',
      program({ name: 'p', outputs: { y: slice(x, { axis: 0, end: 2 }) } }),
      /'slice' .* across/,
    ],
    [
      'products of examples with each other',
      program({ name: 'p', outputs: { y: matmul(x, x, { transposeB: true }) } }),
      /'matmul' .*both operands/,
    ],
    [
      'bfloat16',
      program({ name: 'p', outputs: { y: relu(other.input('x', [2], 'bfloat16')) } }),
      /does not compute in bfloat16/,
    ],
  ];
  test.each(refusals)('%s', (_, target, message) => {
    expect(() => onnxExporter.write(target, {})).toThrow(message);
  });
});

describe('loading', () => {
  test('leaves out outputs of types that host tensors do not have', async () => {
    const model = decodeOnnx(exported());
    const index: OnnxNode = {
      opType: 'ArgMax',
      name: 'index',
      inputs: ['logits'],
      outputs: ['index'],
      attributes: { axis: attr.int(1) },
    };
    const { nodes, outputs } = model.graph;
    const graph = {
      ...model.graph,
      nodes: [...nodes, index],
      outputs: [...outputs, { name: 'index', dtype: 'int64' as const, shape: ['batch', 1] }],
    };
    await using(encodeOnnx({ ...model, graph }), async (loaded) => {
      const results = await loaded.run({ image: networkImages(2) });
      expect(Object.keys(results)).toEqual([
        'logits',
        'probabilities',
        'class',
        'first',
        'stretched',
        'bias',
      ]);
    });
  });

  test('refuses what is no ONNX model before the runtime sees it', async () => {
    const bytes = exported();
    for (const bad of [new Uint8Array(), new Uint8Array(64).fill(255), bytes.subarray(0, bytes.length - 7)])
      await expect(onnxBackend.load!(bad)).rejects.toMatchObject({ code: 'BAD_FILE' });
  });

  test('names inputs that do not fit, all of them', async () => {
    await using(exported(), async (model) => {
      expect(model.inputs).toEqual([{ name: 'image', dtype: 'float32', shape: ['batch', 3, 8, 8] }]);
      const small = patternFill('exporter', 'image', [2, 3, 8, 7]);
      const feeds: Feeds = { image: small, labels: small };
      await expect(model.run(feeds)).rejects.toMatchObject({
        code: 'SHAPE_MISMATCH',
        message:
          "inputs do not fit 'network': 'image' is float32 [2, 3, 8, 7] and must be float32 [batch, 3, 8, 8]; 'labels' is unexpected",
      });
    });
  });

  test('a disposed model says so', async () => {
    const model = await onnxBackend.load!(exported());
    await model.dispose();
    await model.dispose();
    await expect(model.run({})).rejects.toMatchObject({ code: 'BACKEND_FAILED' });
  });
});
