import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExportedFiles } from '@limbeck/core';
import {
  add,
  argMax,
  avgPool,
  batchNorm,
  bindState,
  broadcastTo,
  concat,
  conv2d,
  flatten,
  Graph,
  gelu,
  globalAveragePool,
  interpret,
  matmul,
  maxPool,
  mean,
  type Program,
  program,
  relu,
  reshape,
  type StateDict,
  slice,
  softmax,
  sum,
  type Tensor,
  type TensorData,
  transpose,
} from '@limbeck/graph';
import { deviationOf, isRequired, patternFill } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import { tfjsBackend } from '../backend.js';
import { loadRuntime, type TfTensor } from '../session/runtime.js';
import { graphModelExporter } from './graph-model.js';
import { savedModelExporter } from './saved-model.js';

/** A small network with most of what deployed students are made of. */
function network(batch: number): Program {
  const graph = new Graph();
  const image = graph.input('image', [batch, 3, 8, 8]);
  const vector = (name: string) => graph.state(name, [8]);
  const conv = conv2d(image, graph.state('conv1.weight', [8, 3, 3, 3]), { padding: 1 });
  const names = ['mean', 'variance', 'scale', 'bias'];
  const statistics = names.map((name) => vector(`bn1.${name}`)) as [Tensor, Tensor, Tensor, Tensor];
  const map = relu(batchNorm(conv, ...statistics, { epsilon: 1e-5 }));
  const sparse = conv2d(map, graph.state('conv2.weight', [8, 1, 3, 3]), { padding: 1, stride: 2, groups: 8 });
  const deep = relu(add(sparse, reshape(vector('conv2.bias'), [8, 1, 1])));
  const pooled = add(add(maxPool(map, { kernel: 2 }), avgPool(map, { kernel: 2 })), deep);
  const embedding = globalAveragePool(pooled);
  // the axes change places: what moves no data for one image does for many
  const shuffled = reshape(transpose(reshape(pooled, [batch, 2, 4, 16]), [0, 2, 1, 3]), [batch, 8, 16]);
  const tokens = transpose(shuffled, [0, 2, 1]);
  const turned = transpose(reshape(embedding, [batch, 1, 8]), [1, 0, 2]);
  // a class token is one for all images
  const token = broadcastTo(graph.state('token', [1, 1, 8]), [batch, 1, 8]);
  const all = concat([token, tokens], { axis: 1 });
  const rows = add(mean(gelu(all), { axis: 1 }), reshape(turned, [batch, 8]));
  // for one image a map of 1x1 looks like a bias
  const small = conv2d(pooled, graph.state('conv3.weight', [8, 8, 4, 4]));
  const excited = add(small, reshape(embedding, [batch, 8, 1, 1]));
  const lifted = add(pooled, reshape(embedding, [batch, 8, 1, 1]));
  const both = concat([embedding, add(rows, reshape(excited, [batch, 8]))], { axis: 1 });
  const logits = add(
    matmul(both, graph.state('fc.weight', [5, 16]), { transposeB: true }),
    graph.state('fc.bias', [5]),
  );
  const first = slice(flatten(lifted), { axis: 1, end: 4 });
  const stretched = broadcastTo(sum(embedding, { axis: 1, keepDims: true }), [batch, 4]);
  const outputs = { logits, probabilities: softmax(logits), class: argMax(logits), first, stretched };
  return program({ name: 'network', outputs });
}

const weights: StateDict = new Map(
  network(1).state.map(({ name, current }) => {
    const tensor = patternFill('tf exporter', name, current.shape);
    // a variance is not negative
    return [
      name,
      name.endsWith('variance') ? { ...tensor, data: (tensor.data as Float32Array).map(Math.abs) } : tensor,
    ];
  }),
);

const bound = (batch: number) => bindState(network(batch), weights);

type Folder = Readonly<Record<string, Uint8Array>>;

const asFolder = (files: ExportedFiles): Folder => {
  if (files instanceof Uint8Array) throw new Error('expected a folder');
  return files;
};

const imagesOf = (batch: number) => patternFill('tf exporter', 'image', [batch, 3, 8, 8]);

/** What TensorFlow computed against the reference. */
function compare(batch: number, actual: Readonly<Record<string, TfTensor>>): void {
  const expected = interpret(bound(batch), new Map([['image', imagesOf(batch)]])).outputs;
  expect(Object.keys(actual).sort()).toEqual([...expected.keys()].sort());
  for (const [name, { data, shape }] of expected) {
    const given = actual[name]! as TfTensor & { readonly shape: readonly number[] };
    expect(given.shape, name).toEqual(shape);
    expect(deviationOf(given.dataSync() as TensorData['data'], data, 1e-3).relative, name).toBeLessThan(1e-4);
  }
}

const found = await tfjsBackend.capabilities();
const missing = !found.available && !isRequired('tfjs-session');
const reason = found.available ? '' : ` (${found.reason})`;

/** The part of tfjs' loader of graph models that is used here. */
interface Loader {
  readonly io: { fromMemory(artifacts: Record<string, unknown>): unknown };
  loadGraphModel(handler: unknown): Promise<{
    predict(inputs: Record<string, TfTensor>): unknown;
    execute(inputs: Record<string, TfTensor>, outputs: readonly string[]): TfTensor[];
    dispose(): void;
  }>;
}

describe.skipIf(missing)(`written from batch 1${reason}`, () => {
  test('a SavedModel takes batches of any size', async () => {
    const { tf } = loadRuntime();
    const folder = mkdtempSync(path.join(tmpdir(), 'limbeck-savedmodel-'));
    for (const [name, content] of Object.entries(asFolder(savedModelExporter.write(bound(1), {})))) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), content);
    }
    const model = await tf.node.loadSavedModel(folder, ['serve'], 'serving_default');
    rmSync(folder, { recursive: true });
    for (const batch of [1, 5]) {
      const { shape, data } = imagesOf(batch);
      compare(batch, model.predict({ image: tf.tensor(data as Float32Array, shape, 'float32') }));
    }
    model.dispose();
  });

  test('a graph model does', async () => {
    const { tf } = loadRuntime();
    const { io, loadGraphModel } = tf as unknown as Loader;
    const files = asFolder(graphModelExporter.write(bound(1), { metadata: { made: 'here' } }));
    const { 'model.json': text, ...rest } = files;
    const model = JSON.parse(new TextDecoder().decode(text));
    expect(model).toMatchObject({ format: 'graph-model', userDefinedMetadata: { made: 'here' } });
    const weightData = Buffer.concat(model.weightsManifest[0].paths.map((name: string) => rest[name]));
    const loaded = await loadGraphModel(
      io.fromMemory({
        modelTopology: model.modelTopology,
        signature: model.signature,
        userDefinedMetadata: model.userDefinedMetadata,
        weightSpecs: model.weightsManifest[0].weights,
        weightData: new Uint8Array(weightData).buffer,
      }),
    );
    for (const batch of [1, 5]) {
      const { shape, data } = imagesOf(batch);
      const image = tf.tensor(data as Float32Array, shape, 'float32');
      compare(batch, loaded.predict({ image }) as Record<string, TfTensor>);
    }
    loaded.dispose();
  });
});

test('metadata lies beside the graph, where loaders leave it alone', () => {
  const files = asFolder(savedModelExporter.write(bound(1), { metadata: { made: 'for a test' } }));
  expect(Object.keys(files)).toEqual(['saved_model.pb', 'assets.extra/limbeck.json']);
  expect(JSON.parse(new TextDecoder().decode(files['assets.extra/limbeck.json']))).toEqual({
    made: 'for a test',
  });
});

test.each([savedModelExporter, graphModelExporter])(
  '$id refuses state and what works across the batch',
  (exporter) => {
    expect(() => exporter.write(network(1), {})).toThrow("it has state, 'conv1.weight' first of");
    const graph = new Graph();
    const across = program({ name: 'across', outputs: { y: sum(graph.input('x', [4, 3]), { axis: 0 }) } });
    expect(() => exporter.write(across, {})).toThrow('it reduces over the batch');
  },
);
