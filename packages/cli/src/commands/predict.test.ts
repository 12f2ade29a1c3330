import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { dotsFolder, limbeck } from '../testing/command-line.js';
import { halves } from '../testing/pictures.js';

let folder = '';

/** A finished run in `run`, and pictures in `photos`, some of them in a folder inside. */
beforeAll(async () => {
  folder = dotsFolder();
  await limbeck(['train', '--out', 'run', '--set', 'train.epochs=6'], folder);
  const photos = path.join(folder, 'photos');
  mkdirSync(path.join(photos, 'more, of "them"'), { recursive: true });
  writeFileSync(path.join(photos, 'a.bmp'), halves(false));
  writeFileSync(path.join(photos, 'more, of "them"', 'b.BMP'), halves(true));
  writeFileSync(path.join(photos, 'c.bmp'), halves(true));
  writeFileSync(path.join(photos, 'notes.txt'), 'no picture');
});

const file = (name: string) => readFileSync(path.join(folder, name), 'utf8');

it('writes the class and probability of every picture', async () => {
  const { code, stdout } = await limbeck(['predict', 'run', 'photos', '-o', 'out.csv'], folder);
  expect(code).toBe(0);
  expect(stdout).toMatch(/out\.csv \(3 pictures, /);
  const [header, ...rows] = file('out.csv').trimEnd().split('\n');
  expect(header).toBe('path,label,probability');
  expect(rows).toEqual([
    expect.stringMatching(/^a\.bmp,left,[01]\.\d{6}$/),
    expect.stringMatching(/^c\.bmp,right,[01]\.\d{6}$/),
    expect.stringMatching(/^"more, of ""them""\/b\.BMP",right,[01]\.\d{6}$/),
  ]);
});

it('gives the same from weights and from an ONNX file, wherever they lie', async () => {
  const elsewhere = path.join(folder, 'elsewhere');
  mkdirSync(elsewhere, { recursive: true });
  const lines: string[] = [];
  for (const name of ['student.safetensors', 'student.onnx']) {
    writeFileSync(path.join(elsewhere, name), readFileSync(path.join(folder, 'run', name)));
    const { code, stdout, stderr } = await limbeck(['predict', `elsewhere/${name}`, 'photos'], folder);
    expect(code, stderr).toBe(0);
    lines.push(stdout.replace(/(\.\d{4})\d+/g, '$1'));
  }
  expect(lines[0]).toMatch(/^path,label,probability\na\.bmp,left,[01]\./);
  expect(lines[1]).toBe(lines[0]);
});

it('writes the most probable classes as lines of JSON', async () => {
  await limbeck(['predict', 'run', 'photos', '-o', 'out.jsonl', '--top', '5'], folder);
  const [first] = file('out.jsonl')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(first).toMatchObject({ path: 'a.bmp', label: 'left', index: 0 });
  expect(first.top.map(({ label }: { label: string }) => label)).toEqual(['left', 'right']);
  expect(first.top[0].probability + first.top[1].probability).toBeCloseTo(1, 5);
  const { stdout } = await limbeck(['predict', 'run', 'photos/c.bmp', '--top', '2'], folder);
  expect(stdout).toMatch(
    /^path,label,probability,label2,probability2\nc\.bmp,right,[01]\.\d+,left,[01]\.\d+\n$/,
  );
});

it('stops at a picture that cannot be read, or leaves it out', async () => {
  const bad = path.join(folder, 'bad');
  mkdirSync(bad);
  writeFileSync(path.join(bad, 'a.bmp'), halves(false));
  writeFileSync(path.join(bad, 'b.bmp'), 'no picture');
  const stopped = await limbeck(['predict', 'run', 'bad', '-o', 'bad.csv'], folder);
  expect(stopped.code).toBe(1);
  expect(stopped.stderr).toContain(`${path.join(bad, 'b.bmp')} is no picture`);
  expect(existsSync(path.join(folder, 'bad.csv'))).toBe(false);
  const args = ['predict', 'run', 'bad', '--on-error', 'skip', '--batch-size', '1'];
  const skipped = await limbeck(args, folder);
  expect(skipped).toMatchObject({ code: 0, stdout: expect.stringMatching(/^path.*\na\.bmp,left,.*\n$/) });
  expect(skipped.stderr).toContain('left out: b.bmp: ');
  const told = JSON.parse((await limbeck([...args, '--json'], folder)).stdout);
  expect(told).toMatchObject({
    ...{ pictures: 1, skipped: [{ path: 'b.bmp', reason: expect.stringContaining('is no picture') }] },
    predictions: [{ path: 'a.bmp', top: [{ label: 'left', index: 0 }] }],
  });
});

it.each([
  ['a folder that is not there', ['run', 'nowhere'], 'nowhere does not exist'],
  ['a folder without pictures', ['run', 'run'], 'run has no pictures'],
  ['another ending', ['run', 'photos', '-o', 'out.xlsx'], "predictions cannot be written as '.xlsx'"],
  ['a file that is there', ['run', 'photos', '-o', 'package.json.csv'], 'is there already'],
] as const)('refuses %s', async (_, args, message) => {
  writeFileSync(path.join(folder, 'package.json.csv'), '');
  const { code, stderr } = await limbeck(['predict', ...args], folder);
  expect(code).not.toBe(0);
  expect(stderr).toContain(message);
});
