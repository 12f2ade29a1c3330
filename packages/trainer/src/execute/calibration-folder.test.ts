import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../run/events.js';
import { temporaryFolder } from '../testing/run-files.js';
import { CalibrationFolder } from './calibration-folder.js';

let root: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  root = temporaryFolder();
});
afterEach(() => root.remove());

const key = 'ab12';
const bytes = Uint8Array.of(0, 255, 10, 13);

/** One run's view of the folder, with what it says. */
function opened(folder = join(root.path, 'kept'), backend = 'onnx') {
  const events: RunEvent[] = [];
  const memory = new CalibrationFolder(folder, { backend, teacher: 'teacher' }, (event) =>
    events.push(event),
  );
  return { memory, events, folder };
}

async function written() {
  const { memory, folder } = opened();
  await memory.write(key, bytes);
  const path = join(folder, readdirSync(folder)[0]!);
  return { path, text: readFileSync(path, 'utf8') };
}

describe('a folder of calibrations', () => {
  it('gives back what was kept, and says where ranges came from', async () => {
    const first = opened();
    expect(await first.memory.read(key)).toBeUndefined();
    await first.memory.write(key, bytes);
    first.memory.report();
    expect(first.events).toEqual([
      { type: 'calibration', teacher: 'teacher', ranges: 'measured', path: expect.stringMatching(/\.json$/) },
    ]);
    const second = opened();
    expect(Uint8Array.from((await second.memory.read(key))!)).toEqual(bytes);
    second.memory.report();
    expect(second.events).toMatchObject([{ ranges: 'kept' }]);
    expect(await second.memory.read('cd34')).toBeUndefined();
    expect(await opened(undefined, 'other').memory.read(key)).toBeUndefined();
  });

  it('says nothing of a backend that does not ask', () => {
    const { memory, events } = opened();
    memory.report();
    expect(events).toEqual([]);
  });

  it('says measured where the backend could not use what was kept', async () => {
    await written();
    const { memory, events } = opened();
    await memory.read(key);
    await memory.write(key, bytes);
    memory.report();
    expect(events).toMatchObject([{ ranges: 'measured' }]);
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ['cut short', (text) => text.slice(0, -20), /JSON/],
    ['empty', () => '', /JSON/],
    ['null', () => 'null', /null/],
    ['of another format', (text) => text.replace('calibration.1', 'calibration.9'), /format/],
    ['of another key', (text) => text.replace(`"${key}"`, '"cd34"'), /another calibration/],
    ['of another backend', (text) => text.replace('"onnx"', '"other"'), /another calibration/],
    ['changed', (text) => text.replace(Buffer.from(bytes).toString('base64'), 'AAAA'), /SHA-256/],
    ['without content', (text) => text.replace('"content"', '"contents"'), /SHA-256/],
  ])('does not trust a file that is %s, and writes it anew', async (_, change, problem) => {
    const { path, text } = await written();
    writeFileSync(path, change(text));
    const { memory, events } = opened();
    expect(await memory.read(key)).toBeUndefined();
    expect(events).toMatchObject([
      { type: 'warning', code: 'BAD_FILE', message: expect.stringMatching(problem) },
    ]);
    await memory.write(key, bytes);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('is written by several at a time, each through a file of its own', async () => {
    const { path, folder } = { ...(await written()), folder: join(root.path, 'kept') };
    // nobody can write there
    mkdirSync(`${path}.partial`);
    await Promise.all([1, 2, 3].map(() => opened().memory.write(key, bytes)));
    expect(readdirSync(folder).length).toBe(2);
    expect(Uint8Array.from((await opened().memory.read(key))!)).toEqual(bytes);
  });

  it('that cannot be written costs a warning, not the run', async () => {
    const file = join(root.path, 'file');
    writeFileSync(file, '');
    const { memory, events } = opened(join(file, 'below'));
    await memory.write(key, bytes);
    expect(events).toMatchObject([
      { type: 'warning', code: 'WRITE_FAILED', message: expect.stringContaining(file) },
    ]);
  });
});
