import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { dotsFolder, limbeck } from '../testing/command-line.js';

it('says what a run will take, and writes nothing', async () => {
  const folder = dotsFolder();
  const { code, stdout, stderr } = await limbeck(['train', '--plan'], folder);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/training +\d.* 2 epochs of 3 steps of /);
  expect(stdout).toMatch(/^time {4}\d+:\d\d, done about /m);
  expect(stdout).toMatch(/^memory {2}\d.*B at most while this was measured$/m);
  expect(stdout).toMatch(/^disk {4}\d.*B for the run; \d.*B are free$/m);
  expect(existsSync(path.join(folder, 'runs'))).toBe(false);
});

it('tells programs in JSON', async () => {
  const { stdout } = await limbeck(['train', '--plan', '--json'], dotsFolder());
  const { seconds, ...rest } = JSON.parse(stdout);
  expect(rest).toMatchObject({ stepsPerEpoch: 3, epochs: 2, evaluations: 2 });
  expect(seconds.total).toBeGreaterThan(seconds.train);
});

it('is for new runs', async () => {
  const { code, stderr } = await limbeck(['train', '--plan', '--resume', 'run'], dotsFolder());
  expect(code).toBe(2);
  expect(stderr).toContain('--plan is for a run that is new');
});
