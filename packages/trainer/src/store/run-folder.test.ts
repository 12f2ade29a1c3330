import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/run-files.js';
import { RunFolder } from './run-folder.js';

let root: ReturnType<typeof temporaryFolder>;
let path: string;
beforeEach(() => {
  root = temporaryFolder();
  path = join(root.path, 'a', 'run');
});
afterEach(() => root.remove());

const record = { config: { epochs: 3 }, environment: { node: '20' } };

it('is made with the folders above it', () => {
  RunFolder.create(path, record).close();
  expect(readdirSync(path).sort()).toEqual([
    'checkpoints',
    'config.json',
    'environment.json',
    'metrics.jsonl',
    'run.log',
  ]);
});

it('may be an empty folder, or one a killed process had only begun', () => {
  mkdirSync(join(path, 'checkpoints'), { recursive: true });
  writeFileSync(join(path, 'environment.json'), '{}');
  writeFileSync(join(path, 'config.json.partial'), '{"epo');
  RunFolder.create(path, record).close();
});

it.each([
  ['a file of its own', 'notes.txt', /is not empty/],
  ['a run', 'config.json', /holds a run already/],
  ['checkpoints', 'checkpoints/step-3.json', /is not empty/],
])('is refused where there is %s', (_, name, message) => {
  mkdirSync(join(path, 'checkpoints'), { recursive: true });
  writeFileSync(join(path, name), '');
  expect(() => RunFolder.create(path, record)).toThrow(
    expect.objectContaining({ code: 'ALREADY_EXISTS', message: expect.stringMatching(message) }),
  );
  expect(existsSync(join(path, 'run.lock'))).toBe(false);
});

it('is refused where a file has its name', () => {
  mkdirSync(join(root.path, 'a'));
  writeFileSync(path, '');
  expect(() => RunFolder.create(path, record)).toThrow(
    expect.objectContaining({
      code: 'ALREADY_EXISTS',
      message: `${path} cannot be a run folder: it is a file`,
    }),
  );
});

it('belongs to one process at a time', () => {
  const first = RunFolder.create(path, record);
  expect(() => RunFolder.reopen(path)).toThrow(expect.objectContaining({ code: 'PRECONDITION' }));
  first.close();
  const second = RunFolder.reopen(path);
  expect(second.config()).toEqual(record.config);
  second.close();
});

it('says where its configuration cannot be read', () => {
  RunFolder.create(path, record).close();
  writeFileSync(join(path, 'config.json'), '{"epo');
  const folder = RunFolder.reopen(path);
  expect(() => folder.config()).toThrow(
    expect.objectContaining({ code: 'BAD_FILE', message: expect.stringContaining('config.json') }),
  );
  folder.close();
});

it('is discarded without a trace, but for files of others', () => {
  RunFolder.create(path, record).discard();
  expect(existsSync(path)).toBe(false);
  const folder = RunFolder.create(path, record);
  writeFileSync(join(path, 'notes.txt'), 'mine');
  folder.discard();
  expect(readdirSync(path)).toEqual(['notes.txt']);
});
