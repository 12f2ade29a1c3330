import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExportedFiles } from '@limbeck/core/backend';
import { Graph, interpret, program, sum, type TensorData } from '@limbeck/graph';
import { boundNetwork, deployableNetwork, deviationOf, isRequired, networkImages } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import { tfjsBackend } from '../backend.js';
import { loadRuntime, type TfTensor } from '../session/runtime.js';
import { graphModelExporter } from './graph-model.js';
import { savedModelExporter } from './saved-model.js';

type Folder = Readonly<Record<string, Uint8Array>>;

const asFolder = (files: ExportedFiles): Folder => {
  if (files instanceof Uint8Array) throw new Error('expected a folder');
  return files;
};

/** What TensorFlow computed against the reference. */
function compare(batch: number, actual: Readonly<Record<string, TfTensor>>): void {
  const expected = interpret(boundNetwork(batch), new Map([['image', networkImages(batch)]])).outputs;
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
    for (const [name, content] of Object.entries(asFolder(savedModelExporter.write(boundNetwork(1), {})))) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), content);
    }
    const model = await tf.node.loadSavedModel(folder, ['serve'], 'serving_default');
    rmSync(folder, { recursive: true });
    for (const batch of [1, 5]) {
      const { shape, data } = networkImages(batch);
      compare(batch, model.predict({ image: tf.tensor(data as Float32Array, shape, 'float32') }));
    }
    model.dispose();
  });

  test('a graph model does', async () => {
    const { tf } = loadRuntime();
    const { io, loadGraphModel } = tf as unknown as Loader;
    const files = asFolder(graphModelExporter.write(boundNetwork(1), { metadata: { made: 'here' } }));
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
      const { shape, data } = networkImages(batch);
      const image = tf.tensor(data as Float32Array, shape, 'float32');
      compare(batch, loaded.predict({ image }) as Record<string, TfTensor>);
    }
    loaded.dispose();
  });
});

test('metadata lies beside the graph, where loaders leave it alone', () => {
  const files = asFolder(savedModelExporter.write(boundNetwork(1), { metadata: { made: 'for a test' } }));
  expect(Object.keys(files)).toEqual(['saved_model.pb', 'assets.extra/limbeck.json']);
  expect(JSON.parse(new TextDecoder().decode(files['assets.extra/limbeck.json']))).toEqual({
    made: 'for a test',
  });
});

test.each([savedModelExporter, graphModelExporter])(
  '$id refuses state and what works across the batch',
  (exporter) => {
    expect(() => exporter.write(deployableNetwork(1), {})).toThrow("it has state, 'conv1.weight' first of");
    const graph = new Graph();
    const across = program({ name: 'across', outputs: { y: sum(graph.input('x', [4, 3]), { axis: 0 }) } });
    expect(() => exporter.write(across, {})).toThrow('it reduces over the batch');
  },
);
