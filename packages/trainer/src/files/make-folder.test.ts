import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeFolder } from './make-folder.js';

const scratch = mkdtempSync(join(tmpdir(), 'limbeck-make-folder-'));
afterAll(() => rmSync(scratch, { recursive: true }));

test('makes every folder that is missing, and is content with those that are there', () => {
  const path = join(scratch, 'a', 'b', 'c');
  makeFolder(path);
  makeFolder(path);
  expect(statSync(path).isDirectory()).toBe(true);
});

test('names the part of a path that is no folder', () => {
  const file = join(scratch, 'file');
  writeFileSync(file, '');
  const attempt = () => makeFolder(join(file, 'below'));
  expect(attempt).toThrow(`cannot make the folder ${join(file, 'below')}: ${file} is a file`);
});
