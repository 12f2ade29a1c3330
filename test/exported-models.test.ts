import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mobileNetV2 } from '@limbeck/backbone-mobilenet';
import { vit } from '@limbeck/backbone-vit';
import { onnxBackend, onnxExporter } from '@limbeck/backend-onnx';
import { findPackage, graphModelExporter, savedModelExporter, tfjsBackend } from '@limbeck/backend-tfjs';
import type { Backbone } from '@limbeck/core';
import type { ExportedFiles } from '@limbeck/core/backend';
import { completeOptions } from '@limbeck/core/host';
import { bindState, interpret, type Program, type TensorData } from '@limbeck/graph';
import { initialState } from '@limbeck/nn';
import { deviationOf, isRequired, patternFill } from '@limbeck/testkit';
import { TracedTeacher } from '@limbeck/trainer';
import { describe, expect, test } from 'vitest';

/** What is used of tfjs-node here. */
interface Tfjs {
  readonly io: { fromMemory(artifacts: Record<string, unknown>): unknown };
  readonly node: { loadSavedModel(folder: string, tags: string[], signature: string): Promise<Model> };
  loadGraphModel(handler: unknown): Promise<Model>;
  tensor(data: Float32Array, shape: readonly number[], dtype: string): TfTensor;
}
interface TfTensor {
  dataSync(): Float32Array;
}
interface Model {
  predict(inputs: Record<string, TfTensor>): TfTensor | Record<string, TfTensor>;
  dispose(): void;
}

const found = await tfjsBackend.capabilities();
const missing = !found.available && !isRequired('tfjs-session');

// the maps of the last blocks are 1x1, where an example of its own looks like a bias
const models: readonly [Backbone<never>, Record<string, unknown>, image: number][] = [
  [mobileNetV2 as Backbone<never>, { stem: 'imagenet' }, 32],
  [vit as Backbone<never>, { width: 16, depth: 1, heads: 2, patch: 4, distilled: true }, 8],
];

const logits = (program: Program, image: TensorData) =>
  interpret(program, new Map([['image', image]])).outputs.get('logits')!;

describe.each(models)('$id', (backbone, wanted, size) => {
  const options = completeOptions(backbone, wanted);
  const program = (batch: number) => {
    const model = new TracedTeacher(
      { backbone, options },
      { prefix: 'student', image: [batch, 3, size, size], classes: 3 },
    );
    return bindState(model.program(['logits']), initialState(model.variables.values(), 1));
  };
  const batches = [1, 3].map((batch) => {
    const image = patternFill('exported models', 'image', [batch, 3, size, size]);
    return { image, expected: logits(program(batch), image) };
  });
  const compare = (actual: ArrayLike<number>, { data }: TensorData) =>
    expect(deviationOf(Float32Array.from(actual), data, 1e-3).relative).toBeLessThan(1e-4);

  test('as ONNX', async () => {
    const model = await onnxBackend.load!(onnxExporter.write(program(1), {}), { threads: 1 });
    for (const { image, expected } of batches) {
      compare((await model.run({ image })).logits!.data, expected);
    }
    await model.dispose();
  });

  test.skipIf(missing)('as a SavedModel and as a graph model', async () => {
    // the backend knows how its runtime is loaded
    await (await tfjsBackend.compile(program(1))).dispose();
    const { require, file } = findPackage();
    const tf = require(file) as Tfjs;
    const saved = await loadSaved(tf, savedModelExporter.write(program(1), {}));
    const graph = await loadGraph(tf, graphModelExporter.write(program(1), {}));
    for (const { image, expected } of batches) {
      const fed = { image: tf.tensor(image.data as Float32Array, image.shape, 'float32') };
      for (const model of [saved, graph]) {
        const given = model.predict(fed);
        compare(('dataSync' in given ? (given as TfTensor) : given.logits!).dataSync(), expected);
      }
    }
    saved.dispose();
    graph.dispose();
  });
});

async function loadSaved(tf: Tfjs, files: ExportedFiles): Promise<Model> {
  const folder = mkdtempSync(path.join(tmpdir(), 'limbeck-exported-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return tf.node
    .loadSavedModel(folder, ['serve'], 'serving_default')
    .finally(() => rmSync(folder, { recursive: true }));
}

function loadGraph(tf: Tfjs, files: ExportedFiles): Promise<Model> {
  const { 'model.json': text, ...rest } = files as Record<string, Uint8Array>;
  const { modelTopology, signature, weightsManifest } = JSON.parse(new TextDecoder().decode(text));
  const [{ paths, weights }] = weightsManifest;
  const data = Buffer.concat(paths.map((name: string) => rest[name]));
  return tf.loadGraphModel(
    tf.io.fromMemory({
      modelTopology,
      signature,
      weightSpecs: weights,
      weightData: new Uint8Array(data).buffer,
    }),
  );
}
