import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Graph, program, relu } from '@limbeck/graph';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import plugin, { tfjsBackend } from './index.js';
import { packageNames } from './setup/home.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'limbeck-tfjs-test-'));
  vi.stubEnv('LIMBECK_TFJS_HOME', home);
});
afterEach(() => {
  rmSync(home, { recursive: true });
  vi.unstubAllEnvs();
});

/** A package that is found but breaks while it is loaded. */
function installBroken(): void {
  const folder = path.join(home, 'node_modules', packageNames[0]);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, 'index.js'),
    "throw new Error('libtensorflow.so.2: cannot open\\nand so on');",
  );
}

const compile = () =>
  tfjsBackend.compile(program({ name: 'p', outputs: { y: relu(new Graph().input('x', [1])) } }));

test('the plugin can be imported where the runtime is not installed, and says what to do', async () => {
  expect(plugin.name).toBe('@limbeck/backend-tfjs');
  expect(await tfjsBackend.capabilities()).toEqual({
    available: false,
    reason: `${packageNames.join(' and ')} are not installed`,
    remedy: expect.stringContaining('limbeck backend install tfjs'),
  });
  const { offer } = tfjsBackend;
  expect(await offer!({ precision: 'float32', role: 'training' })).toMatchObject({
    available: false,
    reason: expect.stringContaining('are not installed'),
  });
  await expect(compile()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
});

test('a native library that cannot be loaded is told apart', async () => {
  installBroken();
  expect(await tfjsBackend.capabilities()).toMatchObject({
    available: false,
    reason: expect.stringContaining(
      `${packageNames[0]} cannot be loaded: Error: libtensorflow.so.2: cannot open`,
    ),
  });
  await expect(compile()).rejects.toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    message: `${packageNames[0]} cannot be loaded: libtensorflow.so.2: cannot open`,
  });
});
