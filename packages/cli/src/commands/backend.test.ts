import { describe, expect, it } from 'vitest';
import { folderWith, limbeck } from '../testing/command-line.js';

const plugin = `
import { definePlugin } from 'limbeck';
const unavailable = { available: false, reason: 'not installed', remedy: 'limbeck backend install toy' };
export default definePlugin({
  name: 'toy-plugin',
  api: 1,
  setup(host) {
    host.backends.add({
      id: 'toy',
      description: 'computes nothing',
      capabilities: async () => unavailable,
      compile: async () => { throw new Error('compiled'); },
      install: async ({ device, version, folder, force }, say) => {
        say('fetching it');
        return ['toy', device, version, folder, force].join(' ');
      },
    });
  },
});
`;

const config = `
plugins: [./toy.mjs]
data: { use: fashion-mnist-subset }
student: resnet8
train: { epochs: 1 }
`;

const toyFolder = () => folderWith({ 'toy.mjs': plugin, 'limbeck.config.yaml': config });

describe('limbeck backend', () => {
  it("install hands over to the backend, a plugin's too, and shows what it says", async () => {
    const folder = toyFolder();
    const args = ['--cuda', '--runtime-version', '1.2.3', '--dir', 'here'];
    const { code, stdout, stderr } = await limbeck(['backend', 'install', 'toy', ...args], folder);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toBe('fetching it\nbackend toy: toy cuda 1.2.3 here false\n');
    const json = await limbeck(['backend', 'install', 'toy', '--json'], folder);
    expect(JSON.parse(json.stdout)).toMatchObject({
      backend: 'toy',
      runtime: expect.stringContaining('cpu'),
    });
  });

  it('install of a backend that brings everything along is refused, of an unknown one too', async () => {
    const folder = folderWith();
    expect(await limbeck(['backend', 'install', 'onnx'], folder)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("backend 'onnx' has nothing to install"),
    });
    expect(await limbeck(['backend', 'install', 'tfsj'], folder)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("did you mean 'tfjs'"),
    });
  });

  it('list shows devices, and what would make others work', async () => {
    const folder = toyFolder();
    const { code, stdout } = await limbeck(['backend', 'list'], folder);
    expect(code).toBe(0);
    expect(stdout).toContain('toy: computes nothing\n');
    expect(stdout).toMatch(/^toy +no +not installed\n +-> limbeck backend install toy$/m);
    const { devices } = JSON.parse((await limbeck(['backend', 'list', '--json'], folder)).stdout);
    expect(devices).toContainEqual({
      backend: 'toy',
      works: false,
      reason: 'not installed',
      remedy: 'limbeck backend install toy',
    });
  });
});
