import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CommandResult, RunCommand } from '../session/command.js';
import { tfjsHome } from './home.js';
import { readOptions, type SetupOptions } from './options.js';
import { setupTfjs } from './setup.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'limbeck-setup-'));
  // the machine's own tools and headers do not matter here
  vi.stubEnv('CXX', undefined);
  vi.stubEnv('LIMBECK_PYTHON', undefined);
  const node = path.join(home, 'node');
  mkdirSync(path.join(node, 'include/node'), { recursive: true });
  writeFileSync(path.join(node, 'include/node/node_api.h'), '');
  vi.stubEnv('npm_config_nodedir', node);
});
afterEach(() => {
  rmSync(home, { recursive: true });
  vi.unstubAllEnvs();
});

const options = (...args: string[]): SetupOptions => readOptions(['--home', home, ...args]) as SetupOptions;

const wheel = 'a wheel';
const checksum = createHash('sha256').update(wheel).digest('hex');
const report = (sha256: string) =>
  JSON.stringify({ install: [{ download_info: { archive_info: { hashes: { sha256 } } } }] });

type Outcome = Partial<CommandResult> | undefined;

/** The programs a setup starts, all of which succeed unless `change` says otherwise. */
function programs(change: (line: string) => Outcome = () => undefined) {
  const lines: string[] = [];
  const run: RunCommand = async (command, args) => {
    const line = [path.basename(command), ...args].join(' ');
    lines.push(line);
    const changed = change(line);
    if (changed !== undefined) return { status: 1, stdout: '', stderr: '', ...changed };
    let stdout = '';
    if (line.includes('pip install')) stdout = report(checksum);
    if (line.includes('pip download'))
      writeFileSync(path.join(args[args.indexOf('--dest') + 1]!, 'tensorflow.whl'), wheel);
    if (line.includes('zipfile')) {
      const target = args.at(-1)!;
      mkdirSync(path.join(target, 'lib'));
      for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'])
        writeFileSync(path.join(target, 'lib', name), '');
    }
    if (line.includes('tf.add')) stdout = '{"version":"4.22.0","tensorflow":"2.15.1","gpu":false}\n';
    return { status: 0, stdout, stderr: '' };
  };
  return { run, lines };
}

const environment = (run: RunCommand) => {
  const said: string[] = [];
  return { run, said, say: (line: string) => said.push(line), platform: 'linux' as const };
};

const setUp = (change?: (line: string) => Outcome) => {
  const { run } = programs(change);
  return setupTfjs(options(), environment(run));
};

describe('setupTfjs', () => {
  test('downloads, checks, unpacks, installs, links, compiles and tries', async () => {
    const { run, lines } = programs();
    const { said, ...rest } = environment(run);
    expect(await setupTfjs(options(), rest)).toBe('2.15.1');
    const package_ = path.join(home, 'node_modules/@tensorflow/tfjs-node');
    expect(readdirSync(path.join(package_, 'deps/lib')).sort()).toEqual([
      'libtensorflow.so',
      'libtensorflow.so.2',
      'libtensorflow_cc.so.2',
      'libtensorflow_framework.so',
      'libtensorflow_framework.so.2',
    ]);
    expect(readlinkSync(path.join(package_, 'deps/lib/libtensorflow.so'))).toBe(
      path.join(home, 'tensorflow/tensorflow-cpu-2.15.1/lib/libtensorflow_cc.so.2'),
    );
    expect(lines.find((line) => line.includes(' install --ignore-scripts'))).toBeDefined();
    expect(lines.find((line) => line.endsWith('install --build-from-source'))).toBeDefined();
    expect(said.join('\n')).toContain(checksum);
    // the wheel is large and not needed any more
    expect(readdirSync(home)).not.toContain('download');
  });

  test('does nothing where all is there, and everything when forced', async () => {
    await setUp();
    const again = programs();
    await setupTfjs(options(), environment(again.run));
    expect(again.lines).toHaveLength(1);
    const forced = programs();
    await setupTfjs(options('--force'), environment(forced.run));
    expect(forced.lines.some((line) => line.includes('pip download'))).toBe(true);
  });

  test('builds anew what does not load any more, without downloading again', async () => {
    await setUp();
    let trials = 0;
    const { run, lines } = programs((line) =>
      line.includes('tf.add') && trials++ === 0 ? { stderr: 'Error: wrong ELF class' } : undefined,
    );
    const { said, ...rest } = environment(run);
    await setupTfjs(options(), { ...rest });
    expect(said[0]).toContain('wrong ELF class');
    expect(lines.some((line) => line.includes('pip download'))).toBe(false);
    expect(lines.some((line) => line.endsWith('--build-from-source'))).toBe(true);
  });

  test('another version is another setup', async () => {
    await setUp();
    const { run, lines } = programs();
    await setupTfjs(options('--tensorflow', '2.20.0'), environment(run));
    expect(lines.some((line) => line.endsWith('tensorflow-cpu==2.20.0'))).toBe(true);
  });

  test.each([
    ['no pip', (line: string) => line.includes('pip --version'), {}, 'PRECONDITION', 'no Python with pip'],
    ['no compiler', (line: string) => line === 'c++ --version', {}, 'PRECONDITION', "'c++' was not found"],
    ['no make', (line: string) => line === 'make --version', {}, 'PRECONDITION', "'make' was not found"],
    [
      'no such version',
      (line: string) => line.includes('pip install'),
      { stderr: 'ERROR: No matching distribution found for tensorflow-cpu==2.15.1' },
      'NOT_FOUND',
      'pip has no tensorflow-cpu==2.15.1',
    ],
    [
      'no network',
      (line: string) => line.includes('pip install'),
      { stderr: 'ERROR: connection refused' },
      'DOWNLOAD_FAILED',
      'connection refused',
    ],
    [
      'an old pip',
      (line: string) => line.includes('pip install'),
      { stderr: 'no such option: --report' },
      'PRECONDITION',
      'pip is too old',
    ],
    [
      'no checksum',
      (line: string) => line.includes('pip install'),
      { status: 0, stdout: '{"install":[]}' },
      'VERIFY_FAILED',
      'no checksum',
    ],
    [
      'another file',
      (line: string) => line.includes('pip install'),
      { status: 0, stdout: report('00ff') },
      'VERIFY_FAILED',
      `has the checksum ${checksum}, the index names 00ff`,
    ],
    [
      'no space',
      (line: string) => line.includes('zipfile'),
      { stderr: 'OSError: No space left on device' },
      'WRITE_FAILED',
      'No space left',
    ],
    [
      'a compiler that gives up',
      (line: string) => line.endsWith('--build-from-source'),
      { stderr: 'fatal error: c_api.h: No such file' },
      'BACKEND_FAILED',
      'fatal error: c_api.h',
    ],
    [
      'a library that does not load',
      (line: string) => line.includes('tf.add'),
      { stderr: 'Error: GLIBC_2.99 not found' },
      'BACKEND_FAILED',
      'GLIBC_2.99',
    ],
  ])('%s is said, and nothing counts as set up', async (_, hits, outcome, code, message) => {
    const attempt = setUp((line) => (hits(line) ? outcome : undefined));
    await expect(attempt).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    expect(readdirSync(home)).not.toContain('setup.json');
  });

  test('a Node without its headers is said', async () => {
    vi.stubEnv('npm_config_nodedir', path.join(home, 'elsewhere'));
    await expect(setUp()).rejects.toMatchObject({
      code: 'PRECONDITION',
      message: expect.stringContaining('elsewhere/include/node/node_api.h'),
    });
  });

  test('other systems are sent to the vendor', async () => {
    const attempt = setupTfjs(options(), { ...environment(programs().run), platform: 'darwin' });
    await expect(attempt).rejects.toMatchObject({
      code: 'PRECONDITION',
      hint: expect.stringContaining('npm install @tensorflow/tfjs-node'),
    });
  });
});

describe('options', () => {
  test('the CUDA build is the other two packages', () => {
    expect(options('--cuda')).toMatchObject({ tfjs: '@tensorflow/tfjs-node-gpu', wheel: 'tensorflow' });
  });

  test('what is no version or no option is refused', () => {
    expect(() => options('--tensorflow', 'latest; rm')).toThrow("--tensorflow: 'latest; rm' is no version");
    expect(() => options('--fast')).toThrow("Unknown option '--fast'");
  });

  test('it goes to the cache folder unless told otherwise', () => {
    expect(tfjsHome({ XDG_CACHE_HOME: '/cache' })).toBe('/cache/limbeck/tfjs');
    expect(tfjsHome({ LIMBECK_TFJS_HOME: '/opt/tfjs', XDG_CACHE_HOME: '/cache' })).toBe('/opt/tfjs');
  });
});
