import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dotsFolder, limbeck } from '../testing/command-line.js';

describe('limbeck bench', () => {
  it('measures the steps of a configuration and writes nothing', async () => {
    const folder = dotsFolder();
    const { code, stdout, stderr } = await limbeck(['bench', '--steps', '3'], folder);
    expect(code).toBe(0);
    expect(stderr).toContain('limbeck.config.yaml');
    expect(stderr).toContain('measured steps: 3, after 2 to warm up');
    expect(stdout).toMatch(/^data +\d+\.\d$/m);
    expect(stdout).toMatch(/^student +onnx +\d+\.\d$/m);
    expect(stdout).toMatch(/^\d+\.\d ms a step, \S+ images\/s \(medians of 3 steps of 16 images\)$/m);
    expect(stdout).toMatch(/^compiled in \S+ s$/m);
    expect(readdirSync(folder).sort()).toEqual(['dots.mjs', 'limbeck.config.yaml', 'package.json']);
  });

  it('with --profile says where the time goes, by operation and by scope', async () => {
    const { stdout } = await limbeck(['bench', '--steps', '2', '--profile'], dotsFolder());
    expect(stdout).toMatch(/^student: \d+\.\d ms a step in operations$/m);
    expect(stdout).toMatch(/ms +share +count +operation\n/);
    expect(stdout).toMatch(/^ *\d+\.\d\d +\d+\.\d % +\d+ +Conv$/m);
    expect(stdout).toMatch(/^ *\d+\.\d\d +\d+\.\d % +\d+ +student\.conv1$/m);
  });

  it('gives one object with --json, with every entry of a profile', async () => {
    const { stdout, stderr } = await limbeck(['bench', '--steps', '1', '--profile', '--json'], dotsFolder());
    expect(stderr).toBe('');
    const { programs, ...rest } = JSON.parse(stdout);
    expect(rest).toMatchObject({ steps: 1, batchSize: 16 });
    expect(programs).toEqual([expect.objectContaining({ name: 'student', backend: 'onnx' })]);
    expect(programs[0].profile).toContainEqual(
      expect.objectContaining({ operation: 'Conv', scope: expect.stringContaining('conv1') }),
    );
  });

  it('refuses a number of steps that is none', async () => {
    const { code, stderr } = await limbeck(['bench', '--steps', 'many'], dotsFolder());
    expect(code).toBe(2);
    expect(stderr).toContain('whole number above 0');
  });
});
