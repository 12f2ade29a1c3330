import { expect, test } from 'vitest';
import { readOptions } from './options.js';

const known = ['pth', 'npz'];

test('all subjects are tried, or the one that is named', () => {
  expect(readOptions(['--cases', '10', '--seed', '7'], known)).toEqual({
    cases: 10,
    seed: 7,
    names: known,
    large: false,
    commands: undefined,
  });
  expect(readOptions(['--only', 'npz'], known)).toMatchObject({ cases: 1_000_000, names: ['npz'] });
  expect(readOptions(['--large'], known)).toMatchObject({ large: true });
  expect(readOptions(['--commands', '20'], known)).toMatchObject({ commands: 20 });
  expect(readOptions(['--help'], known)).toBe('help');
});

test.each([
  [['--cases', 'many'], "--cases: 'many' is no whole number from 1 on"],
  [['--cases', '0'], "--cases: '0' is no whole number from 1 on"],
  [['--seed', '1.5'], "--seed: '1.5' is no whole number from 0 on"],
  [['--only', 'zip'], "there is no subject 'zip'"],
  [['--often'], '--often'],
])('%j is refused', (args, message) => {
  expect(() => readOptions(args, known)).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(message) }),
  );
});

test('random programs are tried on the backends that need no graphics processor, or on the one that is named', () => {
  expect(readOptions(['--programs', '50'], known)).toMatchObject({
    differential: { programs: 50, targets: ['onnx-cpu', 'tfjs-session', 'tfjs-cpu', 'tfjs-wasm'] },
  });
  expect(readOptions(['--programs', '50', '--backend', 'onnx-cpu'], known)).toMatchObject({
    differential: { targets: ['onnx-cpu'] },
  });
  expect(() => readOptions(['--programs', '5', '--backend', 'torch'], known)).toThrow("no backend 'torch'");
});
