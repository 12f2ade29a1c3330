import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CommandResult, RunCommand } from '../session/command.js';
import { packageNames } from './home.js';
import { install } from './install.js';

let folder: string;
let vendors: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'limbeck-install-'));
  vendors = path.join(folder, 'vendors');
  vi.spyOn(process, 'cwd').mockReturnValue(vendors);
  vi.stubEnv('LIMBECK_TFJS_HOME', path.join(folder, 'cache'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

function installAsVendor(name: string): void {
  const target = path.join(vendors, 'node_modules', name);
  mkdirSync(target, { recursive: true });
  writeFileSync(path.join(target, 'index.js'), '');
}

const works = { status: 0, stdout: '{"version":"4.22.0","tensorflow":"2.9.1","gpu":false}', stderr: '' };

/** Programs of which nothing but a trial of the library has any success. */
const trying =
  (trial: CommandResult = works, lines: string[] = []): RunCommand =>
  async (command, args) => {
    lines.push([path.basename(command), ...args].join(' '));
    return args.some((text) => text.includes('tf.add')) ? trial : { status: 1, stdout: '', stderr: '' };
  };

const into = () => ({ folder: path.join(folder, 'own') });

test("what the vendor's installation brought is used as it is", async () => {
  installAsVendor(packageNames[1]);
  const said: string[] = [];
  const lines: string[] = [];
  const runtime = await install(into(), (line) => said.push(line), trying(works, lines));
  expect(runtime).toBe('tfjs-node 4.22.0, TensorFlow 2.9.1');
  expect(said).toEqual([expect.stringContaining('works and is used as it is')]);
  expect(lines).toHaveLength(1);
});

test("a vendor's installation that does not load would be found first: that is said", async () => {
  installAsVendor(packageNames[1]);
  const broken = {
    status: 1,
    stdout: '',
    stderr: 'Error: libtensorflow.so.2: cannot open shared object file',
  };
  await expect(install(into(), () => undefined, trying(broken))).rejects.toMatchObject({
    code: 'BACKEND_FAILED',
    message: expect.stringMatching(/is found first and cannot be loaded: Error: libtensorflow\.so\.2/),
    hint: expect.stringContaining(`npm uninstall ${packageNames[1]}`),
  });
});

test.skipIf(process.platform !== 'linux')(
  'the CUDA build is not what a build for the CPU replaces',
  async () => {
    installAsVendor(packageNames[1]);
    const lines: string[] = [];
    const attempt = install({ ...into(), device: 'cuda' }, () => undefined, trying(works, lines));
    await expect(attempt).rejects.toMatchObject({ code: 'PRECONDITION' });
    expect(lines.some((line) => line.includes('--version'))).toBe(true);
  },
);

test('devices and versions that cannot be had are refused', async () => {
  await expect(install({ device: 'webgpu' }, () => undefined)).rejects.toMatchObject({
    code: 'BACKEND_UNSUPPORTED',
  });
  await expect(install({ version: 'newest' }, () => undefined)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: "version of TensorFlow: 'newest' is no version",
  });
});
