import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Io } from '../io.js';
import { run } from '../run.js';

/** What a command line left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Lines of JSON on the standard output. */
  readonly events: () => Record<string, unknown>[];
}

/** Runs a command line in this process. Without a terminal, unless `io` says otherwise. */
export async function limbeck(args: readonly string[], cwd: string, io: Partial<Io> = {}): Promise<Outcome> {
  const text = { stdout: '', stderr: '' };
  const sink = (name: keyof typeof text) => ({
    write: (written: string) => {
      text[name] += written;
    },
  });
  const code = await run(args, {
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    stdin: {},
    cwd,
    env: { HOME: cwd },
    signals: new EventEmitter(),
    end: () => undefined,
    work: 'here',
    ...io,
  });
  const events = () =>
    text.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, ...text, events };
}

/** A new folder with files in it; a package.json keeps searches from leaving it. */
export function folderWith(files: Readonly<Record<string, string>> = {}): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'limbeck-cli-')));
  for (const [name, content] of Object.entries({ 'package.json': '{}', ...files })) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

/**
 * A plugin file with a data set `dots` that a small network learns in no time: 48 training and 20 test images 1x8x8 of 2
 * classes, left half or right half bright; and a backbone `speck` to learn it with.
 */
export const dotsPlugin = `
import { defineBackbone, defineDataset, definePlugin } from 'limbeck';
import { globalAveragePool, relu, reshape } from '@limbeck/graph';

const split = (length, labelOf = (i) => i % 2) => ({
  length,
  labels: Int32Array.from({ length }, (_, i) => labelOf(i)),
  read(index, into, offset) {
    for (let i = 0; i < 64; i++) {
      const right = i % 8 >= 4;
      into[offset + i] = (right === (index % 2 === 1) ? 200 : 20) + ((index * 31 + i * 17) % 50);
    }
  },
});

export default definePlugin({
  name: 'dots-plugin',
  api: 1,
  setup(host) {
    host.datasets.add(defineDataset({
      id: 'dots',
      description: 'bright halves',
      files: [],
      open: async () => ({
        classes: 2,
        classNames: ['left', 'right'],
        imageShape: [1, 8, 8],
        normalization: { mean: [0.5], std: [0.3] },
        train: split(48),
        test: split(20),
        fingerprint: 'dots',
      }),
    }));
    host.backbones.add(defineBackbone({
      id: 'speck',
      description: 'one convolution',
      encode(m, image) {
        const x = m.tap('stage1', relu(m.conv('conv1', image, { out: 4, kernel: 3, stride: 2, padding: 1, bias: true })));
        return reshape(x, [x.shape[0], 64]);
      },
      classify: (m, embedding, classes) => m.linear('fc', embedding, { out: classes }),
    }));
  },
});
`;

/**
 * A configuration that trains on {@link dotsPlugin} in well under a second, on the backend that is always there: which
 * `auto` takes depends on the machine.
 */
export const dotsConfig = `
plugins: [./dots.mjs]
data: { use: dots, batchSize: 16, evalBatchSize: 10 }
student: speck
train: { epochs: 2, optimizer: { lr: 0.1 } }
backend: onnx
`;

/** A folder with both. */
export const dotsFolder = (files: Readonly<Record<string, string>> = {}): string =>
  folderWith({ 'dots.mjs': dotsPlugin, 'limbeck.config.yaml': dotsConfig, ...files });

/** {@link dotsFolder} with a finished run in `run`, distilled from a student of the same kind in `taught`. */
export async function distilledFolder(): Promise<string> {
  const folder = dotsFolder({
    'distilled.yaml':
      'extends: ./limbeck.config.yaml\nteacher: { use: speck, weights: taught/student.safetensors }\ndistiller: { use: projector-ensemble, projectors: 2 }',
  });
  await limbeck(['train', '--out', 'taught', '--set', 'train.epochs=6'], folder);
  await limbeck(['train', 'distilled.yaml', '--out', 'run', '--set', 'name=x'], folder);
  return folder;
}
