import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limbeck, limbeckEach } from './limbeck.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Trained for a few steps: one of each paper, and a loss of one's own. */
const trained = {
  'projector-ensemble/limbeck.config.ts': ['ce', 'feature'],
  'understanding-projectors/logit-ensemble.yaml': ['ce', 'kd'],
  'classifier-sharing/limbeck.config.ts': ['ce', 'feature'],
  'custom-loss.ts': ['ce', 'feature', 'energy'],
};

/** The others, composed. */
const composed = {
  'understanding-projectors/feature-plain.yaml': ['ce', 'feature'],
  'understanding-projectors/feature-projector.yaml': ['ce', 'feature'],
  'understanding-projectors/logit-plain.yaml': ['ce', 'kd'],
  'understanding-projectors/logit-projector.yaml': ['ce', 'kd'],
  'vanilla-kd/limbeck.config.ts': ['ce', 'bce', 'kd'],
};

/** A plugin with a few 28x28 images of ten classes. */
const fewImages = `
import { defineDataset, definePlugin } from 'limbeck';
const split = (length, salt) => ({
  length,
  labels: Int32Array.from({ length }, (_, i) => i % 10),
  read(index, into, offset) {
    for (let i = 0; i < 784; i++) into[offset + i] = (salt + i * (1 + (index % 10)) + index * 31) % 256;
  },
});
const few = defineDataset({
  id: 'few',
  description: 'ramps of ten slopes',
  files: [],
  open: async () => ({
    classes: 10,
    classNames: Array.from({ length: 10 }, (_, i) => String(i)),
    imageShape: [1, 28, 28],
    normalization: { mean: [0.5], std: [0.25] },
    train: split(32, 0),
    test: split(20, 9),
    fingerprint: 'few',
  }),
});
export default definePlugin({ name: 'few', api: 1, setup: (host) => host.datasets.add(few) });
`;

/** What a process of an example writes, until it has written enough; then it is ended. */
async function firstSteps(command: readonly string[], isEnough: (text: string) => boolean): Promise<string> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'limbeck-example-'));
  try {
    const child = spawn(process.execPath, command, { cwd: scratch, env: { ...process.env, NO_COLOR: '1' } });
    const texts = { stdout: '', stderr: '' };
    child.stderr.on('data', (chunk) => {
      texts.stderr += chunk;
    });
    const ended = once(child, 'close');
    child.stdout.on('data', (chunk) => {
      texts.stdout += chunk;
      if (isEnough(texts.stdout)) child.kill('SIGKILL');
    });
    await ended;
    expect(isEnough(texts.stdout), texts.stderr).toBe(true);
    return texts.stdout;
  } finally {
    await rm(scratch, { recursive: true });
  }
}

test.each(Object.entries(trained))('examples/%s trains a few steps', async (config, terms) => {
  const bin = path.join(root, 'packages/cli/dist/bin.js');
  const command = [bin, 'train', path.join(root, 'examples', config), '--json', '--out', 'run'];
  // steps alone: what compares with the teacher is asked for before the first one
  const steadily = [
    'backend=onnx',
    'data.batchSize=16',
    'teacher.acceptChance=true',
    'train.evaluate.metrics=["top1"]',
  ];
  const more = steadily.flatMap((value) => ['--set', value]);
  const steps = (text: string) =>
    text
      .split('\n')
      .flatMap((line) => (line.startsWith('{"type":"step"') && line.endsWith('}') ? [line] : []));
  const text = await firstSteps([...command, ...more], (written) => steps(written).length >= 3);
  for (const line of steps(text)) {
    const { losses } = JSON.parse(line) as { losses: Record<string, number> };
    expect(Object.keys(losses)).toEqual([...terms, 'total']);
    expect(Object.values(losses).every(Number.isFinite)).toBe(true);
  }
});

test('examples/understanding-projectors follows the teacher on both splits, with few images', async () => {
  const scratch = await mkdtemp(path.join(tmpdir(), 'limbeck-example-'));
  try {
    await symlink(path.join(root, 'node_modules'), path.join(scratch, 'node_modules'));
    await writeFile(path.join(scratch, 'few.mjs'), fewImages);
    const config = [
      `extends: ${path.join(root, 'examples/understanding-projectors/feature-projector.yaml')}`,
      'plugins: [./few.mjs]',
      'data: { use: few, batchSize: 8 }',
      'teacher: { acceptChance: true }',
      'train: { epochs: 2, evaluate: { trainImages: 12 } }',
      'backend: onnx',
    ];
    await writeFile(path.join(scratch, 'limbeck.config.yaml'), config.join('\n'));
    const { code, stdout, stderr } = await limbeck(['train', '--json', '--out', 'run'], scratch);
    expect(code, stderr).toBe(0);
    const epochs = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type === 'epoch');
    expect(epochs).toHaveLength(2);
    const names = [
      ...['top1', 'nll', 'ece', 'teacher-cosine', 'projected teacher-cosine'],
      ...['linear-cka', 'linear-cka of maps', 'teacher-agreement'],
    ];
    for (const { test: onTest, train } of epochs) {
      expect(Object.keys(onTest)).toEqual(names);
      expect(Object.keys(train)).toEqual(names);
    }
  } finally {
    await rm(scratch, { recursive: true });
  }
});

test('examples/compose-in-code.ts trains from code', async () => {
  const jiti = path.join(root, 'node_modules/jiti/lib/jiti-cli.mjs');
  const text = await firstSteps([jiti, path.join(root, 'examples/compose-in-code.ts')], (written) =>
    written.includes('\n'),
  );
  expect(text).toMatch(/^step 1: ce \d+\.\d+, feature \d+\.\d+, kd \d+\.\d+, total \d+\.\d+\n/);
});

test('other examples compose, after every part was found, checked and traced', async () => {
  const commands = Object.keys(composed).map((config) => ['inspect', `examples/${config}`, '--json']);
  const ended = await limbeckEach(commands, root);
  const found = Object.keys(composed).map((config, i) => {
    const { code, stdout, stderr } = ended[i]!;
    expect(code, `${config}: ${stderr}`).toBe(0);
    return [config, Object.keys(JSON.parse(stdout).losses)];
  });
  expect(Object.fromEntries(found)).toEqual(composed);
});

test('the ablations of examples/projector-ensemble compose', async () => {
  const page = await readFile(path.join(root, 'examples/projector-ensemble/README.md'), 'utf8');
  const changes = [...page.matchAll(/\| `--set (.+)` \|/g)].map(([, change]) => change!);
  expect(changes).toHaveLength(8);
  const command = [
    'inspect',
    'examples/projector-ensemble/limbeck.config.ts',
    '--json',
    '--input',
    '1x28x28',
  ];
  const ended = await limbeckEach(
    changes.map((change) => [...command, '--set', change]),
    root,
  );
  for (const [i, { code, stderr }] of ended.entries()) expect(code, `${changes[i]}: ${stderr}`).toBe(0);
});

describe('configurations in the documentation compose', () => {
  let scratch: string;
  beforeAll(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), 'limbeck-documentation-'));
    // found as they would be where the packages are installed
    await symlink(path.join(root, 'node_modules'), path.join(scratch, 'node_modules'));
    const teacher = path.join(root, 'packages/cli/demo/teacher/teacher.safetensors');
    await cp(teacher, path.join(scratch, 'teacher.safetensors'));
  });
  afterAll(() => rm(scratch, { recursive: true }));

  test.each(['README.md'])('%s', async (page) => {
    const text = await readFile(path.join(root, page), 'utf8');
    const blocks = [...text.matchAll(/```ts\n(\/\/ limbeck\.config\.ts\n[\s\S]*?)```/g)].map(
      ([, block]) => block!,
    );
    expect(blocks.length, 'a configuration to try').toBeGreaterThan(0);
    for (const block of blocks) {
      await writeFile(path.join(scratch, 'limbeck.config.ts'), block);
      const { code, stderr } = await limbeck(['inspect', 'limbeck.config.ts', '--json'], scratch);
      expect(code, stderr).toBe(0);
    }
  });
});
