import { expect, test } from 'vitest';
import { type Round, rounds } from './rounds.js';

const names = ['pth', 'npz', 'onnx'];

function casesOf(dealt: Iterable<Round>): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { subject, cases } of dealt) sums[subject] = (sums[subject] ?? 0) + cases;
  return sums;
}

test.each([
  [10_000, { pth: 4000, npz: 3000, onnx: 3000 }],
  [100, { pth: 34, npz: 33, onnx: 33 }],
  [5, { pth: 2, npz: 2, onnx: 1 }],
  [3, { pth: 1, npz: 1, onnx: 1 }],
  [2, { pth: 1, npz: 1 }],
])('%d cases reach every subject that they can', (cases, expected) => {
  expect(casesOf(rounds(names, { cases, seed: 7 }))).toEqual(expected);
});

test('the seed changes when every subject has had its turn', () => {
  const dealt = [...rounds(names, { cases: 5000, seed: 7 })];
  expect(dealt.map(({ subject, seed }) => [subject, seed])).toEqual([
    ['pth', 7],
    ['npz', 7],
    ['onnx', 7],
    ['pth', 8],
    ['npz', 8],
  ]);
});
