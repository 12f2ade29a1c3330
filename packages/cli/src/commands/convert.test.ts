import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type FileTensor, openWeights, writeSafetensors, writeTorch } from '@limbeck/formats';
import { beforeEach, describe, expect, it } from 'vitest';
import { folderWith, limbeck } from '../testing/command-line.js';

const tensors = new Map<string, FileTensor>([
  ['backbone.fc.weight', { dtype: 'float32', shape: [1, 2], data: Float32Array.of(0.5, 70000) }],
  ['backbone.bn.num_batches_tracked', { dtype: 'int64', shape: [], data: BigInt64Array.of(7n) }],
]);

let folder = '';
beforeEach(() => {
  folder = folderWith();
  writeFileSync(path.join(folder, 'a.pth'), writeTorch(tensors, { note: 'mine' }));
});

const read = (name: string) =>
  openWeights(new Uint8Array(readFileSync(path.join(folder, name))), { source: name });
const plain = (name: string) =>
  [...read(name).tensors].map(([key, { dtype, shape, data }]) => [key, dtype, shape, data]);

describe('limbeck convert', () => {
  it('goes round through every format without changing a bit', async () => {
    for (const [from, to] of [
      ['a.pth', 'b.safetensors'],
      ['b.safetensors', 'c.npz'],
      ['c.npz', 'd.pt'],
    ] as const) {
      const { code, stderr, stdout } = await limbeck(['convert', from, to], folder);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/ \(2 tensors, /);
      expect(plain(to)).toEqual(plain('a.pth'));
      expect(read(to).metadata).toMatchObject({ note: 'mine' });
    }
  });

  it('renames, changes the type of floats, and takes --to before the name', async () => {
    const args = ['convert', 'a.pth', 'weights.bin', '--to', 'safetensors', '--dtype', 'bfloat16'];
    const { code, stdout } = await limbeck(
      [...args, '--rename', '^backbone[.]=', '--rename', 'fc=head', '--json'],
      folder,
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ format: 'safetensors', from: 'pth', tensors: 2 });
    expect(read('weights.bin').format).toBe('safetensors');
    expect(plain('weights.bin')).toEqual([
      ['head.weight', 'bfloat16', [1, 2], Uint16Array.of(0x3f00, 0x4789)],
      ['bn.num_batches_tracked', 'int64', [], BigInt64Array.of(7n)],
    ]);
  });

  it('overwrites only when told to', async () => {
    writeFileSync(path.join(folder, 'b.npz'), 'precious');
    const { code, stderr } = await limbeck(['convert', 'a.pth', 'b.npz'], folder);
    expect(code).toBe(1);
    expect(stderr).toContain('error[ALREADY_EXISTS]: ');
    expect(readFileSync(path.join(folder, 'b.npz'), 'utf8')).toBe('precious');
    expect((await limbeck(['convert', 'a.pth', 'b.npz', '--force'], folder)).code).toBe(0);
    expect(plain('b.npz')).toEqual(plain('a.pth'));
  });

  it.each<[string, string[], number, RegExp]>([
    ['a source that is not there', ['b.pth', 'c.npz'], 1, /error\[NOT_FOUND\]: there is no weights file/],
    ['a target without format', ['a.pth', 'b'], 2, /error\[USAGE\]: b does not say its format/],
    ['an ONNX target', ['a.pth', 'b.onnx'], 2, /weights alone make no ONNX model/],
    ['an unknown format', ['a.pth', 'b', '--to', 'safetensor'], 2, /did you mean 'safetensors'/],
    ['an unknown type', ['a.pth', 'b.npz', '--dtype', 'float8'], 2, /--dtype float8 is no type of floats/],
    ['a rule without replacement', ['a.pth', 'b.npz', '--rename', 'x'], 2, /expected PATTERN=REPLACEMENT/],
    ['a broken pattern', ['a.pth', 'b.npz', '--rename', '(='], 2, /--rename \(=: Invalid regular expression/],
    ['two names made one', ['a.pth', 'b.npz', '--rename', '.*=x'], 1, /error\[WEIGHTS_MISMATCH\].*'x'/],
    ['an entry that is not there', ['a.pth', 'b.npz', '--entry', 'student'], 1, /no state dict 'student'/],
    ['a type that NumPy lacks', ['a.pth', 'b.npz', '--dtype', 'bfloat16'], 1, /which NumPy does not have/],
    [
      'what float16 cannot hold',
      ['a.pth', 'b.npz', '--dtype', 'float16'],
      1,
      /holds 70000 at element 1, beyond float16/,
    ],
    ['a folder that is not there', ['a.pth', 'no/b.npz'], 1, /error\[WRITE_FAILED\]/],
  ])('refuses %s and leaves nothing behind', async (_, args, status, message) => {
    const { code, stderr } = await limbeck(['convert', ...args], folder);
    expect(stderr).toMatch(message);
    expect(code).toBe(status);
    expect(readdirSync(folder).sort()).toEqual(['a.pth', 'package.json']);
  });
});

describe('limbeck inspect FILE', () => {
  it('lists tensors and what the file says', async () => {
    const { code, stdout } = await limbeck(['inspect', 'a.pth'], folder);
    expect(code).toBe(0);
    expect(stdout).toContain('a.pth: pth, 2 tensors, 3 elements, 16 B');
    expect(stdout).toMatch(/backbone\.fc\.weight +float32 +1 x 2 +2 +8 B/);
    expect(stdout).toMatch(/backbone\.bn\.num_batches_tracked +int64 +scalar +1 +8 B/);
    expect(stdout).toMatch(/note +mine/);
  });

  it('prints JSON for programs', async () => {
    const { stdout } = await limbeck(['inspect', 'a.pth', '--json'], folder);
    expect(JSON.parse(stdout)).toEqual({
      file: path.join(folder, 'a.pth'),
      format: 'pth',
      elements: 3,
      bytes: 16,
      tensors: [
        { name: 'backbone.fc.weight', dtype: 'float32', shape: [1, 2], elements: 2, bytes: 8 },
        { name: 'backbone.bn.num_batches_tracked', dtype: 'int64', shape: [], elements: 1, bytes: 8 },
      ],
      metadata: { note: 'mine' },
    });
  });

  it('lets no file write to the terminal', async () => {
    const evil = new Map([
      ['\u001b[2Jw\n', { dtype: 'uint8', shape: [1], data: Uint8Array.of(1) } as FileTensor],
    ]);
    writeFileSync(path.join(folder, 'evil.safetensors'), writeSafetensors(evil, { '\u001b]0;x': '\u0007' }));
    const { stdout } = await limbeck(['inspect', 'evil.safetensors'], folder);
    expect(stdout).toContain('\\u001b[2Jw\\u000a');
    expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it('lets no error message of a file write to the terminal either', async () => {
    const name = 'w\u001b[2J';
    const twice = new Map([[name, tensors.get('backbone.fc.weight')!]]);
    writeFileSync(path.join(folder, 'evil.safetensors'), writeSafetensors(twice));
    const { stderr, code } = await limbeck(
      ['convert', 'evil.safetensors', 'b.npz', '--dtype', 'float16'],
      folder,
    );
    expect([code, stderr]).toEqual([1, expect.stringContaining("tensor 'w\\u001b[2J' holds 70000")]);
  });

  it('refuses a file that is none', async () => {
    writeFileSync(path.join(folder, 'b.pth'), '<html>');
    const { code, stderr } = await limbeck(['inspect', 'b.pth'], folder);
    expect(code).toBe(1);
    expect(stderr).toContain('error[BAD_FILE]: ');
    expect(stderr).toContain('web page');
  });
});
