import { expect, test } from 'vitest';
import { spreadOf, verdictOf } from './verdict.js';

const figure = { top1: 76, source: 'a/b:README.md', confidence: 'R' } as const;

test('mean and standard deviation with n - 1; one run has none', () => {
  expect(spreadOf([70, 72, 74])).toEqual({ mean: 72, sd: 2, n: 3 });
  expect(spreadOf([70])).toEqual({ mean: 70, n: 1 });
});

test('half a point is allowed where no spread is published', () => {
  const ours = { last: spreadOf([76.4, 76.6]), best: spreadOf([77, 77]) };
  expect(verdictOf({ published: figure, reports: 'last' }, ours)).toMatchObject({
    of: 'last',
    allowed: 0.5,
    reproduced: true,
  });
  expect(verdictOf({ published: figure, reports: 'best' }, ours)).toMatchObject({
    of: 'best',
    difference: 1,
    reproduced: false,
  });
});

test('two standard errors of the difference are allowed where one is', () => {
  const last = spreadOf([75, 76, 77]); // sd 1, n 3
  const published = { ...figure, top1: 77, sd: 0.6, runs: 3 };
  const verdict = verdictOf({ published, reports: 'unknown' }, { last, best: last })!;
  expect(verdict.allowed).toBeCloseTo(2 * Math.sqrt(1 / 3 + 0.36 / 3), 10);
  expect(verdict).toMatchObject({ difference: -1, reproduced: true });
});

test('nothing is compared with nothing', () => {
  const one = spreadOf([70]);
  expect(verdictOf({ reports: 'last' }, { last: one, best: one })).toBeUndefined();
});
