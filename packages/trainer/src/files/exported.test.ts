import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sizeOfExported, writeExported } from './exported.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'limbeck-exported-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = (...values: number[]) => Uint8Array.from(values);

test('a file, or a folder that replaces the one before', () => {
  writeExported(path.join(folder, 'a.bin'), bytes(1, 2));
  const target = path.join(folder, 'model');
  writeExported(target, { 'old.pb': bytes(1), 'deep/down/x': bytes(2) });
  const files = { 'new.pb': bytes(3), 'deep/y': bytes(4, 5) };
  writeExported(target, files);
  expect(sizeOfExported(files)).toBe(3);
  expect(readdirSync(folder).sort()).toEqual(['a.bin', 'model']);
  expect(readdirSync(target).sort()).toEqual(['deep', 'new.pb']);
  expect([...readFileSync(path.join(target, 'deep', 'y'))]).toEqual([4, 5]);
});

test('names that leave the folder are refused, and nothing stays behind', () => {
  expect(() => writeExported(path.join(folder, 'model'), { a: bytes(1), '../b': bytes(2) })).toThrow(
    "names the file '../b', outside its folder",
  );
  expect(readdirSync(folder)).toEqual([]);
});
