import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { limbeck, start, untilCheckpoint } from '../limbeck.js';

const shared = {
  plugins: [fileURLToPath(new URL('tiny-images.mjs', import.meta.url))],
  data: { use: 'corners', batchSize: 16 },
  student: 'resnet8',
  backend: 'onnx',
  train: { epochs: 2, seed: 5, checkpoint: { everySteps: 3 } },
};
const sharing = {
  ...shared,
  teacher: { use: 'resnet8', weights: 'teacher/student.safetensors', acceptChance: true },
  distiller: { use: 'classifier-sharing', depthwise: true },
};
const runs = ['student', 'q1-f8', 'q2-f8'];

let folder: string;
const inside = (...parts: string[]) => path.join(folder, ...parts);
const search = (out: string) =>
  [
    'tune',
    'projector-size',
    'sharing.json',
    '--projectors',
    '1,2',
    '--reductions',
    '8',
    '--out',
    out,
  ] as const;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'limbeck-tune-'));
  await writeFile(inside('teacher.json'), JSON.stringify(shared));
  await writeFile(inside('sharing.json'), JSON.stringify(sharing));
  const train = ['train', 'teacher.json', '--out', 'teacher', '--set', 'train.epochs=1'];
  for (const args of [train, search('whole')]) {
    const ended = await limbeck(args, folder);
    expect(ended, ended.stderr).toMatchObject({ code: 0 });
  }
}, 120_000);

afterAll(() => rm(folder, { recursive: true }));

/** What a search found, without what a clock or a folder decides. */
async function found(out: string): Promise<unknown> {
  const text = await readFile(inside(out, 'tune.json'), 'utf8');
  return JSON.parse(text, (key, value) =>
    ['folder', 'latencyMs', 'front'].includes(key) ? undefined : value,
  );
}

test('a search for projector sizes goes on after Ctrl-C and after kill -9, and finds the same', {
  timeout: 120_000,
}, async () => {
  const interrupted = start(search('out'), folder);
  await untilCheckpoint(inside('out', 'q1-f8'), 6, interrupted.child);
  interrupted.child.kill('SIGINT');
  const { code, stderr } = await interrupted.ended;
  expect(code, stderr).toBe(130);
  expect(stderr).toContain('give the same command with --out out to go on');

  const killed = start(search('out'), folder);
  await untilCheckpoint(inside('out', 'q2-f8'), 6, killed.child);
  killed.child.kill('SIGKILL');
  expect((await killed.ended).signal, 'the search was over before it could be killed').toBe('SIGKILL');
  const finished = ['student', 'q1-f8'].map((name) => inside('out', name, 'result.json'));
  const before = await Promise.all(finished.map((file) => stat(file)));

  const resumed = await limbeck(search('out'), folder);
  expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
  expect(resumed.stdout).toMatch(/^3 runs in out, 2 of them finished before\n/);
  expect(resumed.stdout).toMatch(
    /3\/3 2 projectors, reduction 8 {2}about .+ to go\n[\s\S]*resumed after step /,
  );
  const after = await Promise.all(finished.map((file) => stat(file)));
  expect(after.map(({ mtimeMs }) => mtimeMs)).toEqual(before.map(({ mtimeMs }) => mtimeMs));
  for (const name of runs) {
    const weights = await readFile(inside('out', name, 'student.safetensors'));
    expect(weights.equals(await readFile(inside('whole', name, 'student.safetensors'))), name).toBe(true);
  }
  expect(await found('out')).toEqual(await found('whole'));
});
