import { mobileNetV2 } from '@limbeck/backbone-mobilenet';
import { cifarResNets } from '@limbeck/backbone-resnet';
import { onnxBackend, onnxExporter } from '@limbeck/backend-onnx';
import { type Backbone, indexTargets, type Split } from '@limbeck/core';
import { completeOptions } from '@limbeck/core/host';
import type { RunDataset } from '@limbeck/data';
import { decodeOnnx } from '@limbeck/formats';
import { bindState } from '@limbeck/graph';
import { initialState } from '@limbeck/nn';
import { exportInt8, TracedTeacher } from '@limbeck/trainer';
import { expect, test } from 'vitest';

const [size, classes] = [16, 4];

/** Images of coloured patches. */
const split = (length: number, first: number): Split => ({
  length,
  targets: indexTargets(Int32Array.from({ length }, (_, i) => i % classes)),
  read(index, into, offset) {
    const image = first + index;
    for (let i = 0; i < 3 * size * size; i++) {
      const patch = (i >> 2) * 2654435761 + image * 40503 * ((i >> 6) + 1);
      into[offset + i] = (patch >>> 7) % 256;
    }
  },
});

const dataset: RunDataset = {
  classes,
  classNames: ['a', 'b', 'c', 'd'],
  imageShape: [3, size, size],
  normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
  train: split(64, 0),
  test: split(40, 1000),
  fingerprint: 'patches',
};

const loader = { backend: onnxBackend, threads: 1 };

test.each<[string, Backbone<never>, Record<string, unknown>]>([
  ['resnet8', cifarResNets.find(({ id }) => id === 'resnet8') as Backbone<never>, {}],
  ['MobileNetV2', mobileNetV2 as Backbone<never>, {}],
])('%s in int8 is smaller, says what it does, and runs for any batch', async (_, backbone, wanted) => {
  const options = completeOptions(backbone, wanted);
  const program = (batch: number) => {
    const image = [batch, 3, size, size] as const;
    const model = new TracedTeacher({ backbone, options }, { prefix: 'student', image, classes });
    return bindState(model.program(['logits']), initialState(model.variables.values(), 1));
  };
  const { files, figures } = await exportInt8({
    exporter: { contribution: onnxExporter, options: { dtype: 'float32' } },
    ...{ program, form: {}, metadata: { made: 'here' }, loader, seed: 1 },
    data: { dataset, batchSize: 16, evalBatchSize: 20 },
    calibration: { images: 32 },
    // drawn weights tell nothing apart: what matters here is that all of it is in int8
    maxDrop: 100,
    say: () => undefined,
    stop: () => false,
  });
  expect(figures.float32).toEqual([]);
  expect(figures.bytes.int8).toBeLessThan(0.5 * figures.bytes.float32);
  const { graph, opsetImports, metadata } = decodeOnnx(files as Uint8Array);
  expect(opsetImports).toEqual([{ domain: '', version: 13 }]);
  expect({ ...metadata }).toEqual({ made: 'here' });
  const weights = graph.initializers.filter(({ dtype, shape }) => dtype === 'int8' && shape.length === 4);
  expect(weights).toHaveLength(figures.layers);
  // 7 bits, which no CPU's kernels cut off
  for (const { data } of weights)
    expect((data as Int8Array).every((value) => Math.abs(value) < 64)).toBe(true);
  const model = await onnxBackend.load!(files as Uint8Array, loader);
  const image = {
    dtype: 'float32' as const,
    shape: [5, 3, size, size],
    data: new Float32Array(5 * 3 * size * size),
  };
  expect((await model.run({ image })).logits!.shape).toEqual([5, classes]);
  await model.dispose();
});
