import { describe, expect, it } from 'vitest';
import {
  allocateTargets,
  checkTargets,
  labelsOf,
  noTargets,
  requireTargets,
  type Targets,
  targetInput,
  targetsOf,
  targetWidth,
} from './targets.js';

const check =
  (targets: Targets, samples = 2, classes = 3) =>
  () =>
    checkTargets(targets, { split: 'train', samples, classes });
const index = (...values: number[]): Targets => ({ kind: 'index', values: Int32Array.from(values) });
const dense = (kind: 'soft' | 'multi-hot', ...values: number[]): Targets => ({
  kind,
  values: Float32Array.from(values),
});

describe('inputs', () => {
  it('labels are indices, everything else a row of classes, none no input', () => {
    expect(targetInput('none', 4, 3)).toBeUndefined();
    expect(targetInput('index', 4, 3)).toEqual({ name: 'labels', dtype: 'int32', shape: [4] });
    expect(targetInput('soft', 4, 3)).toEqual({ name: 'targets', dtype: 'float32', shape: [4, 3] });
    expect(targetInput('multi-hot', 4, 3)).toEqual({ name: 'targets', dtype: 'float32', shape: [4, 3] });
  });

  it('what is allocated holds what an input takes', () => {
    for (const kind of ['index', 'soft', 'multi-hot'] as const) {
      const targets = allocateTargets(kind, 4, 3);
      expect(targets.kind !== 'none' && targets.values.length).toBe(4 * targetWidth(kind, 3));
      const { dtype, shape } = targetInput(kind, 4, 3)!;
      expect(shape.reduce((product, size) => product * size, 1)).toBe(4 * targetWidth(kind, 3));
      expect(targets.kind !== 'none' && targets.values instanceof Int32Array).toBe(dtype === 'int32');
    }
    expect(allocateTargets('none', 4, 3)).toBe(noTargets);
  });
});

describe('splits', () => {
  it('labels are short for class indices; without either there are no targets', () => {
    const labels = Int32Array.of(1, 0);
    expect(targetsOf({ length: 2, labels })).toEqual({ kind: 'index', values: labels });
    expect(targetsOf({ length: 2 })).toBe(noTargets);
    const targets = dense('multi-hot', 1, 0, 0, 1);
    expect(targetsOf({ length: 2, targets })).toBe(targets);
  });
});

describe('readers', () => {
  it('class indices are given where there are some, and refused elsewhere', () => {
    expect([...labelsOf(index(2, 0))]).toEqual([2, 0]);
    expect(() => labelsOf(noTargets)).toThrow('class indices are read, but the targets are none');
  });

  it('what reads no targets takes any, the rest is refused with both names', () => {
    expect(() => requireTargets("metric 'x'", undefined, 'none', 'the test split')).not.toThrow();
    expect(() => requireTargets("metric 'x'", [], 'soft', 'the test split')).not.toThrow();
    expect(() => requireTargets("metric 'x'", ['index', 'soft'], 'soft', 'the test split')).not.toThrow();
    expect(() => requireTargets("metric 'top1'", ['index'], 'none', "the test split of 'photos'")).toThrow(
      "metric 'top1' reads index targets, but the test split of 'photos' gives none",
    );
    expect(() =>
      requireTargets("distiller 'dkd'", ['index', 'soft'], 'multi-hot', 'the training split'),
    ).toThrow("distiller 'dkd' reads index or soft targets, but the training split gives multi-hot targets");
  });
});

describe('targets of a split', () => {
  it('sound ones of every kind pass', () => {
    expect(check(noTargets)).not.toThrow();
    expect(check(index(0, 2))).not.toThrow();
    expect(check(dense('soft', 0.5, 0.5, 0, 0, 0, 1))).not.toThrow();
    expect(check(dense('multi-hot', 1, 1, 0, 0, 0, 0))).not.toThrow();
  });

  it('a kind that is none is refused', () => {
    expect(check({ kind: 'hard' } as never)).toThrow('the train split has targets of an unknown kind');
  });

  it.each([
    ['too few labels', index(1), 'the train split has 2 images and 1 labels'],
    ['too few rows', dense('soft', 1, 0, 0), '2 images and 3 values of soft targets, not 2 * 3'],
    ['a label outside', index(0, 3), 'label 3 of sample 1 in the train split is outside [0, 3)'],
    ['a negative label', index(-1, 0), 'label -1 of sample 0 in the train split is outside [0, 3)'],
    [
      'half a label',
      dense('multi-hot', 0, 1, 0, 0.5, 0, 0),
      'a multi-hot target of sample 1 in the train split is 0.5',
    ],
    [
      'a negative probability',
      dense('soft', 1, 0, 0, 1.5, -0.5, 0),
      'a soft target of sample 1 in the train split is -0.5',
    ],
    [
      'no number',
      dense('soft', 1, 0, 0, Number.NaN, 1, 0),
      'a soft target of sample 1 in the train split is NaN',
    ],
    [
      'a sum that is not 1',
      dense('soft', 1, 0, 0, 0.5, 0.25, 0),
      'the soft targets of sample 1 in the train split add up to 0.75',
    ],
  ])('%s is refused', (_, targets, message) => {
    expect(check(targets)).toThrow(message);
  });
});
