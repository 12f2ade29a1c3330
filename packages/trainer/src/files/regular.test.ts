import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LineFile } from './append.js';
import { lockFolder } from './lock.js';
import { makeFolder } from './make-folder.js';
import { readBytes } from './read-bytes.js';
import { readRegular } from './regular.js';
import { writing } from './write-failure.js';

const folder = () => mkdtempSync(join(tmpdir(), 'limbeck-regular-'));

describe.runIf(process.platform !== 'win32')('a pipe or a device in place of a file', () => {
  const pipe = (name: string) => {
    const place = folder();
    execFileSync('mkfifo', [join(place, name)]);
    return place;
  };

  it.each<[string, (place: string) => unknown, string]>([
    ['weights', (place) => readBytes(join(place, 'w.pth'), 'weights file', 'name one'), 'w.pth'],
    ['a log', (place) => new LineFile(join(place, 'run.log')), 'run.log'],
    ['a lock', (place) => lockFolder(place), 'run.lock'],
    ['a manifest', (place) => readRegular(join(place, 'step-1.json')), 'step-1.json'],
  ])('is refused before it is opened as %s', (_, read, name) => {
    expect(() => read(pipe(name))).toThrow('is a pipe, a socket or a device');
  });

  it('is refused as a device', () => {
    expect(() => readBytes('/dev/zero', 'weights file', 'name one')).toThrow(
      '/dev/zero is a pipe, a socket or a device',
    );
  });
});

it('a file within a path is named, and not what would lie below it', () => {
  const place = folder();
  writeFileSync(join(place, 'file'), '');
  expect(() => makeFolder(join(place, 'file', 'x', 'y'))).toThrow(`: ${join(place, 'file')} is a file`);
});

it.each([
  [undefined, 'then go on with --resume'],
  ['choose another file', 'or choose another file'],
])('a full disk advises what there is (%s)', (elsewhere, advice) => {
  const full = () => {
    throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  };
  const error = (() => {
    try {
      writing('x', full, elsewhere);
    } catch (thrown) {
      return thrown as { hint: string };
    }
  })();
  expect(error!.hint).toContain(advice);
  expect(error!.hint.includes('--resume')).toBe(elsewhere === undefined);
});

it('the checksum of a growing file is that of its bytes, however it came about', () => {
  const path = join(folder(), 'metrics.jsonl');
  const file = new LineFile(path);
  file.append('one');
  const first = file.sha256();
  file.append('two');
  const both = file.sha256();
  expect(file.sha256(4)).toBe(first);
  const again = new LineFile(path);
  expect(again.sha256()).toBe(both);
  again.truncate(4);
  expect(again.sha256()).toBe(first);
  again.append('two');
  expect(again.sha256()).toBe(both);
  for (const one of [file, again]) one.close();
});
