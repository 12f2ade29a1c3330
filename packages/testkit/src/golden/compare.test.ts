import { isLimbeckError } from '@limbeck/core';
import { tensorData } from '@limbeck/graph';
import { describe, expect, it } from 'vitest';
import { compareGolden, compareSummary, parseGoldenValue, summarize } from './compare.js';
import { patternFill } from './pattern.js';

const tensor = patternFill('1', 'x', [4, 5]);
const summary = summarize(tensor);
const changed = (position: number, by: number) => {
  const data = tensor.data.slice();
  data[position] = data[position]! + by;
  return tensorData('float32', tensor.shape, data);
};

describe('compareSummary', () => {
  it('finds a tensor equal to its own summary', () => {
    expect(compareSummary(tensor, summary)).toMatchObject({ relative: 0 });
    expect(summary.head).toEqual(Array.from(tensor.data.slice(0, 6)));
    expect(summary.tail).toEqual(Array.from(tensor.data.slice(-6)));
  });

  it.each([
    ['head[2]', 2],
    ['tail[5]', 19],
  ])('names %s and measures in units of rms', (where, position) => {
    const found = compareSummary(changed(position, 0.5 * summary.rms), summary);
    expect(found.where).toBe(where);
    expect(found.relative).toBeCloseTo(0.5, 5);
  });

  it('notices a change between head and tail by mean and rms', () => {
    const found = compareSummary(changed(10, 20 * summary.rms), summary);
    expect(['mean', 'rms']).toContain(found.where);
    expect(found.relative).toBeGreaterThan(0.9);
  });

  it('is infinitely far from another shape and from NaN', () => {
    const reshaped = tensorData('float32', [5, 4], tensor.data.slice());
    expect(compareSummary(reshaped, summary)).toEqual({
      relative: Number.POSITIVE_INFINITY,
      where: 'shape',
      message: 'shape is [5, 4], expected [4, 5]',
    });
    expect(compareSummary(changed(0, Number.NaN), summary).relative).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes tensors with fewer elements than a summary has ends', () => {
    const small = patternFill('1', 'small', [2]);
    expect(compareSummary(small, summarize(small)).relative).toBe(0);
    const zeros = tensorData('float32', [2]);
    expect(compareSummary(zeros, summarize(zeros)).relative).toBe(0);
    expect(compareSummary(small, summarize(zeros)).relative).toBeGreaterThan(0);
  });
});

describe('compareGolden', () => {
  it('compares numbers relative to their size', () => {
    expect(compareGolden(2.02, 2).relative).toBeCloseTo(0.01, 10);
    expect(compareGolden(tensorData('float32', [], Float32Array.of(2)), 2).relative).toBe(0);
    expect(compareGolden(Number.NaN, 2).relative).toBe(Number.POSITIVE_INFINITY);
    expect(compareGolden(tensor, 2).where).toBe('shape');
  });

  it('compares whole tensors element by element', () => {
    const whole = { shape: [4, 5], data: Array.from(tensor.data) };
    expect(compareGolden(tensor, whole).relative).toBe(0);
    expect(compareGolden(changed(11, 1), whole).where).toBe('data[11]');
    expect(compareGolden(2, whole).where).toBe('shape');
  });

  it('compares summaries', () => {
    expect(compareGolden(tensor, summary).relative).toBe(0);
  });
});

describe('parseGoldenValue', () => {
  it.each([[2.5], [summary], [{ shape: [2], data: [1, 2] }]])('reads %j', (value) => {
    expect(parseGoldenValue(value, 'loss')).toBe(value);
  });

  it.each([
    [null],
    ['2'],
    [Number.NaN],
    [{}],
    [{ shape: [3], data: [1, 2] }],
    [{ ...summary, head: [] }],
    [{ ...summary, tail: 'none' }],
    [{ ...summary, rms: undefined }],
    [{ ...summary, shape: [2] }],
  ])('refuses %j and says where', (value) => {
    let caught: unknown;
    try {
      parseGoldenValue(value, "case 'kd', loss");
    } catch (error) {
      caught = error;
    }
    expect(isLimbeckError(caught) && caught.code).toBe('BAD_DATA');
    expect(String(caught)).toContain("case 'kd', loss");
  });
});
