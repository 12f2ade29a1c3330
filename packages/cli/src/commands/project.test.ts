import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { resolveConfig } from '@limbeck/core/host';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bundled } from '../bundled.js';
import { loadConfig } from '../config/load-config.js';
import { configText } from '../init/template.js';
import { manifestOf } from '../standard/manifest.js';
import { dotsFolder, dotsPlugin, folderWith, limbeck } from '../testing/command-line.js';

const parsed = ({ stdout }: { stdout: string }) => JSON.parse(stdout);

describe('limbeck config', () => {
  it('print fills in every default', async () => {
    const folder = dotsFolder();
    const { file, config } = parsed(
      await limbeck(['config', 'print', '--json', '--set', 'train.seed=7'], folder),
    );
    expect(file).toBe(path.join(folder, 'limbeck.config.yaml'));
    expect(config).toMatchObject({
      plugins: [path.join(folder, 'dots.mjs')],
      train: { seed: 7, optimizer: { use: 'sgd', lr: 0.1, momentum: 0.9 } },
      backend: { use: 'onnx', precision: 'float32' },
    });
    const { stdout } = await limbeck(['config', 'print'], folder);
    expect(stdout).toContain(`# ${file}\n`);
    writeFileSync(path.join(folder, 'again.yaml'), stdout);
    expect(
      parsed(await limbeck(['config', 'print', 'again.yaml', '--json', '--set', 'train.seed=7'], folder))
        .config,
    ).toEqual(config);
  });

  it('explain says what a value means and where it comes from', async () => {
    const folder = dotsFolder({ 'more.yaml': 'extends: ./limbeck.config.yaml\ntrain: { epochs: 5 }' });
    const explain = (...args: string[]) =>
      limbeck(['config', 'explain', '--config', 'more.yaml', ...args], folder);
    const { stdout } = await explain('train', '--set', 'train.epochs=6');
    expect(stdout).toContain(
      'train.epochs = 6\n    from --set train.epochs=6; before it 2 (limbeck.config.yaml), 5 (more.yaml)\n',
    );
    expect(stdout).toContain('    Times the training images are seen.\n');
    expect(stdout).toContain('train.optimizer.momentum = 0.9\n    from the default\n');
    expect(parsed(await explain('train.epochs', '--json')).values).toEqual([
      expect.objectContaining({ path: 'train.epochs', value: 5, source: 'more.yaml' }),
    ]);
    expect(await explain('train.epoch')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("did you mean 'train.epochs'"),
    });
  });
});

describe('limbeck plugins list', () => {
  it('says what each contributes, those of the configuration too', async () => {
    const { stdout } = await limbeck(['plugins', 'list'], dotsFolder());
    const { version, limbeck: said } = (await manifestOf('@limbeck/projectors'))!;
    const projectors = said!.contributes!.projectors!;
    expect(projectors).toContain('linear');
    expect(stdout).toContain(`@limbeck/projectors ${version}\n    projectors: ${projectors.join(', ')}\n`);
    expect(stdout).toMatch(/dots-plugin .*\n {4}backbone: speck\n {4}data set: dots\n/);
  });

  it('believes package.json and runs nothing where it tells', async () => {
    const folder = folderWith({
      'limbeck.config.yaml': 'plugins: [quiet-plugin]\ndata: { use: x }\nstudent: y\ntrain: { epochs: 1 }',
      'node_modules/quiet-plugin/package.json': JSON.stringify({
        name: 'quiet-plugin',
        version: '3.2.1',
        main: 'index.js',
        limbeck: { api: 1, contributes: { losses: ['silence'] } },
      }),
      'node_modules/quiet-plugin/index.js': "throw new Error('run');",
    });
    const { plugins } = parsed(await limbeck(['plugins', 'list', '--json'], folder));
    expect(plugins.at(-1)).toEqual({
      name: 'quiet-plugin',
      version: '3.2.1',
      origin: 'quiet-plugin',
      contributes: { losses: ['silence'] },
      fromManifest: true,
    });
  });
});

describe('limbeck doctor', () => {
  it('finds a backend and the bundled data, and reports a configuration that cannot be used', async () => {
    const folder = folderWith({ 'limbeck.config.json': '{ "student": 3 }' });
    const { code, stdout } = await limbeck(['doctor', '--json'], folder);
    const diagnosis = JSON.parse(stdout);
    expect(diagnosis.node).toMatchObject({ version: process.versions.node, ok: true });
    expect(diagnosis.backends).toContainEqual(expect.objectContaining({ id: 'onnx', available: true }));
    expect(diagnosis.devices).toContainEqual(
      expect.objectContaining({ backend: 'onnx', device: 'cpu', works: true }),
    );
    expect(diagnosis.auto).toContainEqual(
      expect.objectContaining({
        role: 'teacher',
        precision: 'int8',
        choice: { backend: 'onnx', device: 'cpu' },
        others: expect.objectContaining({ tfjs: 'no int8' }),
      }),
    );
    expect(diagnosis.datasets).toContainEqual(
      expect.objectContaining({ id: 'fashion-mnist-subset', found: true, size: 0 }),
    );
    expect(diagnosis.datasets).toContainEqual(
      expect.objectContaining({
        id: 'mnist',
        found: false,
        remedy: expect.stringContaining('limbeck data fetch mnist'),
      }),
    );
    expect(diagnosis.config.problem).toContain('student');
    expect(diagnosis.ok).toBe(false);
    expect(code).toBe(1);
  });

  it('is content with a folder that has no configuration', async () => {
    const { code, stdout } = await limbeck(['doctor'], folderWith());
    expect(stdout).toContain(`+ Node ${process.versions.node}\n`);
    expect(stdout).toContain("- no configuration here: 'limbeck init' writes one");
    expect(stdout).toMatch(/^onnx +cpu +yes +onnxruntime-node \d/m);
    expect(code).toBe(0);
  });

  it('says why a backend that is not installed does not count, and what would change that', async () => {
    vi.stubEnv('LIMBECK_TFJS_HOME', folderWith());
    const { code, stdout } = await limbeck(['doctor'], folderWith());
    vi.unstubAllEnvs();
    expect(code).toBe(0);
    expect(stdout).toContain('+ student in float32: auto takes onnx on cpu\n');
    expect(stdout).toMatch(/- student in bfloat16: .*tfjs: .* are not installed/);
    expect(stdout).toMatch(/^tfjs +no +.* are not installed\n +-> limbeck backend install tfjs/m);
  });
});

describe('limbeck data', () => {
  const content = 'all of it';
  const sha256 = createHash('sha256').update(content).digest('hex');
  const plugin = dotsPlugin
    .replace("id: 'dots'", "id: 'web-dots'")
    .replace(
      'files: []',
      `files: [{ name: 'dots.bin', size: ${content.length}, sha256: '${sha256}', urls: ['http://127.0.0.1:9/dots.bin'] }]`,
    );
  const config = 'plugins: [./web.mjs]\ndata: { use: web-dots }\nstudent: speck\ntrain: { epochs: 1 }';
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end(request.url === '/mirror/dots.bin' ? content : 'something else');
  });
  let address = '';
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  const folderOfData = () => folderWith({ 'web.mjs': plugin, 'limbeck.config.yaml': config });

  it('fetch brings the files, checked, into a folder of their own', async () => {
    const folder = folderOfData();
    const fetch = () =>
      limbeck(['data', 'fetch', 'web-dots', '--dir', 'data', '--base-url', `${address}/mirror`], folder);
    const first = await fetch();
    expect(first).toMatchObject({ code: 0, stderr: 'fetching dots.bin (9 B)\n' });
    const file = path.join(folder, 'data', 'web-dots', 'dots.bin');
    expect(first.stdout).toBe(`fetched: ${file}\n`);
    expect(readFileSync(file, 'utf8')).toBe(content);
    expect((await fetch()).stdout).toBe(`already there: ${file}\n`);
    expect(asked).toEqual(['/mirror/dots.bin']);
  });

  it('fetch refuses bytes that are not the published ones', async () => {
    const folder = folderOfData();
    const { code, stderr } = await limbeck(
      ['data', 'fetch', 'web-dots', '--dir', 'data', '--base-url', `${address}/wrong`],
      folder,
    );
    expect(stderr).toContain('error[DOWNLOAD_FAILED]: ');
    expect(code).toBe(1);
    expect(readdirSync(path.join(folder, 'data', 'web-dots'))).not.toContain('dots.bin');
  });

  it('fetch has nothing to do for bundled data, and suggests names', async () => {
    expect((await limbeck(['data', 'fetch', 'fashion-mnist-subset'], folderWith())).stdout).toContain(
      'nothing to fetch',
    );
    const { code, stderr } = await limbeck(['data', 'fetch', 'fashion-mnst'], folderWith());
    expect(stderr).toContain("did you mean 'fashion-mnist'");
    expect(code).toBe(2);
  });

  it('list says what is here', async () => {
    const folder = folderOfData();
    const { dataDir, datasets } = parsed(
      await limbeck(['data', 'list', '--json'], folder, { env: { LIMBECK_DATA: 'sets' } }),
    );
    expect(dataDir).toBe(path.join(folder, 'sets'));
    expect(datasets).toContainEqual({
      id: 'web-dots',
      description: 'bright halves',
      found: true,
      size: content.length,
    });
  });
});

describe('limbeck init', () => {
  it('writes a configuration that is complete, once', async () => {
    const folder = folderWith();
    const { code, stdout } = await limbeck(['init', '--alone', '--format', 'yaml'], folder);
    expect(code).toBe(0);
    expect(stdout).toBe("wrote limbeck.config.yaml\nnext: 'limbeck train'\n");
    expect((await limbeck(['inspect', 'limbeck.config.yaml'], folder)).code).toBe(0);
    const again = await limbeck(['init', '--format', 'ts'], folder);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('error[ALREADY_EXISTS]: ');
    expect(readdirSync(folder).sort()).toEqual(['limbeck.config.yaml', 'package.json']);
  });

  it('says the same in TypeScript and in YAML', async () => {
    const choices = { data: 'fashion-mnist-subset', student: 'resnet8', teacher: true } as const;
    const folder = folderWith({
      'limbeck.config.ts': configText({ ...choices, format: 'ts' }),
      'limbeck.config.yaml': configText({ ...choices, format: 'yaml' }),
    });
    const resolved = async (name: string) => resolveConfig((await loadConfig(name, folder)).layers).config;
    const config = await resolved('limbeck.config.ts');
    expect(await resolved('limbeck.config.yaml')).toEqual(config);
    expect(config.teacher).toMatchObject({
      use: bundled.teacherBackbone,
      weights: { file: path.join(folder, 'teacher.safetensors') },
    });
  });

  it('knows the names before it writes them', async () => {
    const folder = folderWith();
    const { code, stderr } = await limbeck(['init', '--student', 'resnt8', '--alone'], folder);
    expect(stderr).toContain("did you mean 'resnet8'");
    expect(code).toBe(2);
    expect(readdirSync(folder)).toEqual(['package.json']);
  });
});
