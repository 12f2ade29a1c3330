import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { packageNames } from './setup/home.js';

/** A package that is found but breaks while it is loaded. */
const broken = 'libtensorflow.so.2: cannot open shared object file';

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'limbeck-tfjs-test-'));
  vi.stubEnv('LIMBECK_TFJS_HOME', home);
});
afterEach(() => {
  rmSync(home, { recursive: true });
  vi.unstubAllEnvs();
  vi.doUnmock('node:module');
  vi.resetModules();
});

/** Packages are found nowhere, or load as given. */
function packagesAre(load?: () => never): void {
  vi.doMock('node:module', () => ({
    createRequire: () =>
      Object.assign(load ?? (() => undefined), {
        resolve: () => {
          if (load === undefined) throw new Error('not found');
          return path.join(home, 'index.js');
        },
      }),
  }));
}

test('the plugin can be imported where the runtime is not installed, and says what to do', async () => {
  packagesAre();
  const { default: plugin, tfjsBackend } = await import('./index.js');
  expect(plugin.name).toBe('@limbeck/backend-tfjs');
  expect(await tfjsBackend.capabilities()).toEqual({
    available: false,
    reason: `${packageNames.join(' and ')} are not installed`,
    remedy: expect.stringContaining('npm run setup:tfjs'),
  });
});

test('compiling is refused as unavailable', async () => {
  packagesAre();
  const { tfjsBackend } = await import('./index.js');
  // modules were reset: the graph has to come from the same copy
  const { Graph, program, relu } = await import('@limbeck/graph');
  const y = relu(new Graph().input('x', [1]));
  const compiled = tfjsBackend.compile(program({ name: 'p', outputs: { y } }));
  await expect(compiled).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
});

test('a native library that cannot be loaded is told apart', async () => {
  packagesAre(() => {
    throw new Error(`${broken}\nand so on`);
  });
  const { tfjsBackend } = await import('./index.js');
  expect(await tfjsBackend.capabilities()).toMatchObject({
    available: false,
    reason: `@tensorflow/tfjs-node-gpu cannot be loaded: ${broken}`,
  });
});
