import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a small run is made of. */
export interface RunChoice {
  readonly epochs: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly seed: number;
  readonly everySteps: number;
  readonly keepLast: number;
  readonly flip: boolean;
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function randomChoice(random: () => number): RunChoice {
  const among = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  return {
    epochs: among([2, 3, 5]),
    batchSize: among([4, 8, 16]),
    lr: among([0.01, 0.05, 0.1]),
    seed: Math.floor(random() * 1000),
    everySteps: among([1, 2, 5]),
    keepLast: among([2, 3]),
    flip: random() < 0.5,
  };
}

/** A data set of bright halves and a network of one convolution: a run of it takes a second. */
const plugin = `
import { defineBackbone, defineDataset, definePlugin } from 'limbeck';
import { relu, reshape } from '@limbeck/graph';
const split = (length) => ({
  length,
  labels: Int32Array.from({ length }, (_, i) => i % 2),
  read(index, into, offset) {
    for (let i = 0; i < 64; i++) into[offset + i] = ((i % 8 >= 4) === (index % 2 === 1) ? 200 : 20) + ((index * 31 + i * 17) % 50);
  },
});
export default definePlugin({
  name: 'dots-plugin',
  api: 1,
  setup(host) {
    host.datasets.add(defineDataset({
      id: 'dots', description: 'bright halves', files: [],
      open: async () => ({
        classes: 2, classNames: ['left', 'right'], imageShape: [1, 8, 8], normalization: { mean: [0.5], std: [0.3] },
        train: split(96), test: split(20), fingerprint: 'dots',
      }),
    }));
    host.backbones.add(defineBackbone({
      id: 'speck', description: 'one convolution',
      encode(m, image) {
        const x = m.tap('stage1', relu(m.conv('conv1', image, { out: 4, kernel: 3, stride: 2, padding: 1, bias: true })));
        return reshape(x, [x.shape[0], 64]);
      },
      classify: (m, embedding, classes) => m.linear('fc', embedding, { out: classes }),
    }));
  },
});
`;

/** Writes a project with such a configuration; returns its folder. */
export function writeProject(folder: string, choice: RunChoice): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{}');
  writeFileSync(join(folder, 'dots.mjs'), plugin);
  const { epochs, batchSize, lr, seed, everySteps, keepLast, flip } = choice;
  const config = {
    plugins: ['./dots.mjs'],
    data: { use: 'dots', batchSize, evalBatchSize: 10, augment: flip ? ['flip'] : [] },
    student: 'speck',
    train: { epochs, seed, optimizer: { lr }, checkpoint: { everySteps, keep: { last: keepLast } } },
    backend: { use: 'onnx', threads: 1 },
  };
  writeFileSync(join(folder, 'limbeck.config.json'), JSON.stringify(config));
  return folder;
}
