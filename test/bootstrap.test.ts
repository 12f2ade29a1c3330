import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

test('a script finds nothing to do where everything is installed and built', () => {
  const run = () =>
    spawnSync(process.execPath, ['packages/workspace/bootstrap.mjs', 'limbeck', '--version'], {
      cwd: root,
      encoding: 'utf8',
    });
  // the first may build, where the tests were not started by `npm test`
  expect(run().status).toBe(0);
  const { stdout, stderr } = run();
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(stderr).toBe('');
}, 120_000);
