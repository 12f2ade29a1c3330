import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../element-types.js';
import { failure } from '../testing/failure.js';
import { toStateDict } from '../weights/tensor-data.js';
import { readTorch } from './read.js';
import { writeTorch } from './write.js';

const url = (name: string) => new URL(`../../fixtures/${name}`, import.meta.url);
const fixture = (name: string) => new Uint8Array(readFileSync(url(name)));
const golden = JSON.parse(readFileSync(url('torch.json'), 'utf8')) as Record<
  string,
  Record<string, { dtype: string; shape: number[]; bytes: string }>
>;
const hex = (data: ArrayBufferView) => Buffer.from(bytesOf(data)).toString('hex');

describe('readTorch', () => {
  it.each(Object.keys(golden))('reads what PyTorch wrote, bit by bit: %s', (name) => {
    const { tensors, format } = readTorch(fixture(name), { source: name });
    expect(format).toBe('pth');
    const read = [...tensors].map(([key, { dtype, shape, data }]) => [
      key,
      { dtype, shape, bytes: hex(data) },
    ]);
    expect(Object.fromEntries(read)).toEqual(golden[name]);
    expect([...tensors.keys()]).toEqual(Object.keys(golden[name]!));
  });

  it('copies nothing where elements lie densely, and shares what is shared', () => {
    const bytes = fixture('torch-zip.pth');
    const { tensors } = readTorch(bytes);
    for (const name of ['whole', 'row', 'double'])
      expect(tensors.get(name)?.data.buffer, name).toBe(bytes.buffer);
    expect(tensors.get('tied')?.data).toBe(tensors.get('whole')?.data);
    const state = toStateDict(
      new Map(['whole', 'tied', 'counter'].map((name) => [name, tensors.get(name)!])),
      'x',
    );
    expect(state.get('counter')).toEqual({ dtype: 'int32', shape: [], data: Int32Array.of(12345) });
  });

  it('tells what stands beside the weights', () => {
    for (const name of ['repdistiller.pth', 'repdistiller-legacy.pth']) {
      const { metadata } = readTorch(fixture(name));
      expect(metadata, name).toMatchObject({
        epoch: '240',
        best_acc: '72.5',
        opt: 'argparse.Namespace("model": "resnet8x4", "learning_rate": 0.05, "lr_decay_epochs": [150, 180, 210], "path": "save/models")',
        optimizer: expect.stringMatching(/^\{"state": \{3: /),
      });
    }
    expect(readTorch(fixture('mdistiller.pth')).metadata.best_acc).toBe('72.5');
  });

  it('reads NumPy numbers, generator states, sizes, devices and the like as data', () => {
    expect({ ...readTorch(fixture('others.pth')).metadata }).toMatchObject({
      arch: 'resnet8x4',
      rng: '("MT19937", numpy.ndarray, 624, 0, 0)',
      shape: '(1, 28, 28)',
      dtype: 'torch.float16',
      device: 'cuda:0',
      seen: '{"a"}',
      counts: '(3, 0.5, true)',
      big: String(2n ** 70n),
      none: 'None',
    });
  });

  it('takes the model that is asked for where there are several', () => {
    const error = failure(() => readTorch(fixture('two-models.pth'), { source: 'two.pth' }));
    expect(error.message).toBe('two.pth: it holds several state dicts: teacher, pupil');
    expect(error.hint).toContain('--entry teacher');
    const { tensors, metadata } = readTorch(fixture('two-models.pth'), { entry: 'pupil' });
    expect(tensors.has('conv1.weight')).toBe(true);
    expect(metadata).toMatchObject({ epoch: '1' });
    expect(readTorch(fixture('others.pth'), { entry: 'state_dict.model' }).tensors.size).toBe(8);
    expect(failure(() => readTorch(fixture('two-models.pth'), { entry: 'student' }))).toMatchObject({
      message: expect.stringContaining("there is no state dict 'student'"),
      hint: 'there are teacher, pupil',
    });
  });

  it.each([
    ['whole-model.pth', 'it asks for torch.nn.modules.linear.Linear, which is not plain data and is not run'],
    ['whole-model-legacy.pth', 'it asks for torch.nn.modules.linear.Linear, which is not plain data'],
    ['torchscript.pt', 'this is a TorchScript program'],
  ])('refuses %s and says what to save instead', (name, message) => {
    const error = failure(() => readTorch(fixture(name), { source: name }));
    expect(error.message).toContain(`${name}: ${message}`);
    expect(error.hint).toContain('torch.save(model.state_dict(), FILE)');
  });
});

describe('writeTorch', () => {
  it('reads back bit by bit, with sharing and metadata', () => {
    const { tensors } = readTorch(fixture('torch-zip.pth'));
    const metadata = { 'limbeck.backbone': 'resnet8', note: 'drei – 3' };
    const bytes = writeTorch(tensors, metadata);
    const back = readTorch(bytes);
    expect({ ...back.metadata }).toEqual(metadata);
    const read = [...back.tensors].map(([key, { dtype, shape, data }]) => [
      key,
      { dtype, shape, bytes: hex(data) },
    ]);
    expect(Object.fromEntries(read)).toEqual(golden['torch-zip.pth']);
    expect(back.tensors.get('tied')?.data).toBe(back.tensors.get('whole')?.data);
    expect(writeTorch(tensors, metadata)).toEqual(bytes);
  });

  it('writes the very bytes that PyTorch was seen to load', () => {
    const { tensors } = readTorch(fixture('torch-zip.pth'));
    expect(writeTorch(tensors, { note: 'drei – 3' })).toEqual(fixture('written.pth'));
    // and is seen again where there is a Python with PyTorch
    const python = process.env.LIMBECK_PYTHON;
    if (python === undefined) return;
    const said = execFileSync(python, [fileURLToPath(url('check-torch.py'))], { encoding: 'utf8' });
    expect(said).toContain('22 tensors are the same');
  }, 60_000);

  it.each<[string, () => unknown, string]>([
    [
      'uint32',
      () => writeTorch([['w', { dtype: 'uint32', shape: [1], data: Uint32Array.of(0) }]]),
      "'w' is uint32",
    ],
    [
      'a name twice',
      () =>
        writeTorch([1, 2].map(() => ['w', { dtype: 'uint8', shape: [1], data: Uint8Array.of(0) }] as const)),
      "'w' occurs twice",
    ],
    [
      'a name that is no text',
      () => writeTorch([['\ud800', { dtype: 'uint8', shape: [1], data: Uint8Array.of(0) }]]),
      'is not Unicode text',
    ],
    ['metadata that is no text', () => writeTorch([], { a: 1 } as never), 'is not Unicode text'],
  ])('refuses %s', (_, write, message) => {
    expect(failure(write)).toMatchObject({ code: 'BAD_DATA', message: expect.stringContaining(message) });
  });
});
