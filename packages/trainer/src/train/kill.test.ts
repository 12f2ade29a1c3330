import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { referenceBackend } from '@limbeck/testkit';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { RunSpec } from '../run/run-spec.js';
import { outcomeOf, temporaryFolder } from '../testing/run-files.js';
import { toyDataset } from '../testing/toy-data.js';
import { toySpec } from '../testing/toy-run.js';
import { train } from './loop.js';

/** A disk that answers so many changes and then no more. */
const disk = vi.hoisted(() => ({
  left: Number.POSITIVE_INFINITY,
  changes: 0,
  /** What it answers then. */
  code: 'EIO',
  /** Only for these paths. */
  only: undefined as RegExp | undefined,
}));

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs')>();
  const refuse = (path: unknown) => {
    if (disk.only !== undefined && !disk.only.test(String(path))) return;
    disk.changes++;
    if (disk.left-- > 0) return;
    throw Object.assign(new Error(`${disk.code}: the disk is gone`), { code: disk.code });
  };
  const guarded = <A extends unknown[], R>(change: (...args: A) => R) => {
    return (...args: A): R => {
      refuse(args[0]);
      return change(...args);
    };
  };
  return {
    ...real,
    mkdirSync: guarded(real.mkdirSync),
    openSync: guarded(real.openSync),
    writeFileSync: guarded(real.writeFileSync),
    renameSync: guarded(real.renameSync),
    // waiting for the platter proves nothing here and takes most of the time
    fsyncSync: guarded(() => undefined),
    ftruncateSync: guarded(real.ftruncateSync),
    rmSync: guarded(real.rmSync),
    rmdirSync: guarded(real.rmdirSync),
    // a process killed while it writes leaves a part behind
    writeSync(file: number, bytes: Uint8Array, offset: number, length: number) {
      try {
        refuse('');
      } catch (error) {
        real.writeSync(file, bytes, offset, length >> 1);
        throw error;
      }
      return real.writeSync(file, bytes, offset, length);
    },
  };
});

const root = temporaryFolder();
const heal = () => {
  Object.assign(disk, { left: Number.POSITIVE_INFINITY, changes: 0, code: 'EIO', only: undefined });
};
afterEach(heal);
afterAll(() => root.remove());

/** The cheapest run with every kind of file: a student alone, two epochs of two steps. */
const spec = (changes: Partial<RunSpec> = {}) =>
  toySpec(referenceBackend, {
    teachers: [],
    distillers: [],
    data: { ...toySpec(referenceBackend).data, dataset: toyDataset({ train: 8, test: 2 }), batchSize: 4 },
    epochs: 2,
    ...changes,
  });

let expected: ReturnType<typeof outcomeOf>;
let changes: number;
beforeAll(async () => {
  const folder = join(root.path, 'whole');
  await train(spec(), { folder });
  changes = disk.changes;
  expected = outcomeOf(folder);
});

it('killed at any change to the disk, a run resumes to the same end', async () => {
  expect(changes).toBeGreaterThan(50);
  for (let n = 0; n < changes; n++) {
    const folder = join(root.path, `killed-${n}`);
    heal();
    disk.left = n;
    await train(spec(), { folder }).catch(() => undefined);
    heal();
    // the process that held it is gone
    rmSync(join(folder, 'run.lock'), { force: true });
    const resume = existsSync(join(folder, 'config.json'));
    if (!existsSync(join(folder, 'result.json'))) await train(spec(), { folder, resume });
    expect(outcomeOf(folder), `killed before change ${n} of ${changes}`).toEqual(expected);
    rmSync(folder, { recursive: true, force: true });
  }
});

it.each(['ENOSPC', 'EROFS'])(
  'a disk that answers %s ends the run with its checkpoints intact',
  async (code) => {
    const folder = join(root.path, code);
    // the second checkpoint does not find room
    Object.assign(disk, { only: /step-4\.safetensors/, left: 0, code });
    const error = await train(spec(), { folder }).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'WRITE_FAILED', exitCode: 1, details: { system: code } });
    expect(error.message).toMatch(/cannot write .*step-4\.safetensors: .*(no space left|read-only)/);
    expect(error.hint).toMatch(code === 'ENOSPC' ? /free some space/ : /another folder/);
    expect(existsSync(join(folder, 'checkpoints', 'step-2.json'))).toBe(true);
    expect(existsSync(join(folder, 'run.lock'))).toBe(false);
    expect(readFileSync(join(folder, 'run.log'), 'utf8')).toMatch(/error WRITE_FAILED/);
    heal();
    await train(spec(), { folder, resume: true });
    expect(outcomeOf(folder)).toEqual(expected);
  },
);

it('a folder that cannot be made is named', async () => {
  Object.assign(disk, { left: 0, code: 'EACCES' });
  const folder = join(root.path, 'forbidden');
  await expect(train(spec(), { folder })).rejects.toMatchObject({
    code: 'WRITE_FAILED',
    message: `cannot write ${folder}: permission denied (EACCES)`,
  });
});
