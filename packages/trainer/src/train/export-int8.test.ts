import type { ComputeBackend, Exporter } from '@limbeck/core/backend';
import { Graph, program, type TensorData, tensorData } from '@limbeck/graph';
import { describe, expect, it } from 'vitest';
import { toyDataset, toyShape } from '../testing/toy-data.js';
import { exportInt8 } from './export-int8.js';

const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A format whose files say which layers are in int8, and whose size tells how many there are. */
const exporter: Exporter = {
  id: 'listed',
  description: 'the layers in int8',
  extension: '.json',
  write: () => text({ int8: [], padding: ' '.repeat(300) }),
  calibrate: async (_, { calibration }) => {
    for (const { image } of calibration.batches) expect(image!.shape.slice(1)).toEqual([...toyShape]);
    const layers = ['mild', 'harmful', 'harmless'];
    return {
      layers,
      write: (float32 = new Set()) => text({ int8: layers.filter((one) => !float32.has(one)) }),
    };
  },
};

/** How far each layer in int8 pushes the logits of every third image. */
const harm: Readonly<Record<string, number>> = { harmless: 0.001, mild: 0.4, harmful: 9 };

/** Runs such files: classes are told by rows and columns, which the toy images are made of. */
const backend = {
  id: 'listing',
  async load(bytes: Uint8Array) {
    const { int8 } = JSON.parse(new TextDecoder().decode(bytes)) as { int8: string[] };
    const push = int8.reduce((sum, layer) => sum + harm[layer]!, 0);
    return {
      inputs: [{ name: 'image', dtype: 'float32', shape: ['batch', ...toyShape] }],
      outputs: [{ name: 'logits', dtype: 'float32', shape: ['batch', 2] }],
      async run({ image }: { image: TensorData }) {
        const [n] = image.shape as [number];
        const logits = tensorData('float32', [n, 2]);
        for (let i = 0; i < n; i++) {
          const at = (row: number, column: number) => image.data[i * 16 + row * 4 + column] as number;
          const isColumns = Math.abs(at(0, 0) - at(0, 1)) > Math.abs(at(0, 0) - at(1, 0)) ? 1 : -1;
          logits.data[i * 2] = i % 3 === 0 ? push * isColumns : 0;
          logits.data[i * 2 + 1] = isColumns;
        }
        return { logits };
      },
      dispose: async () => undefined,
    };
  },
} as unknown as ComputeBackend;

const graph = new Graph();
const image = graph.input('image', [1, ...toyShape]);
const order = (maxDrop?: number) => ({
  exporter: { contribution: exporter, options: undefined },
  program: () => program({ name: 'p', outputs: { image: image } }),
  form: {},
  metadata: {},
  data: { dataset: toyDataset(), batchSize: 8, evalBatchSize: 5 },
  seed: 1,
  loader: { backend },
  maxDrop,
  say: () => undefined,
  stop: () => false,
});

describe('an export in int8', () => {
  it('keeps the layers in float32 that cost too much, and names them', async () => {
    const { figures, files } = await exportInt8(order());
    expect(figures).toMatchObject({ samples: 10, agreement: 1, layers: 2, float32: ['harmful'] });
    expect(figures.top1!.int8).toBe(figures.top1!.float32);
    expect(figures.bytes.int8).toBeLessThan(figures.bytes.float32);
    expect(JSON.parse(new TextDecoder().decode(files as Uint8Array))).toEqual({ int8: ['mild', 'harmless'] });
  });

  it('takes all of them where the loss is allowed', async () => {
    const { figures } = await exportInt8(order(100));
    expect(figures).toMatchObject({ layers: 3, float32: [] });
    expect(figures.top1!.float32 - figures.top1!.int8).toBeGreaterThan(0.2);
  });

  it('is refused with the figures where no choice keeps the bound', async () => {
    const names = Object.keys(harm);
    const before = { ...harm };
    Object.assign(harm, Object.fromEntries(names.map((name) => [name, 9])));
    await expect(exportInt8(order(0.5))).rejects.toMatchObject({
      code: 'PRECONDITION',
      message: expect.stringMatching(/int8 costs \d+\.\d\d points, and at most 0\.5 may be lost/),
      details: { figures: expect.objectContaining({ samples: 10 }) },
    });
    Object.assign(harm, before);
  });

  it('is refused for a format that has none, and for an encoder', async () => {
    const { calibrate: _, ...plain } = exporter;
    const without = { ...order(), exporter: { contribution: plain, options: undefined } };
    await expect(exportInt8(without)).rejects.toThrow(/exporter 'listed' does not write int8/);
    await expect(exportInt8({ ...order(), form: { embedding: true } })).rejects.toThrow(/an encoder alone/);
  });
});
