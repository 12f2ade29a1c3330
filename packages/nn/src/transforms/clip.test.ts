import { Graph, interpret, program, tensorData } from '@limbeck/graph';
import { describe, expect, test } from 'vitest';
import { clipByGlobalNorm } from './clip-by-global-norm.js';
import { clipByValue } from './clip-by-value.js';

/** What a transform makes of two gradients. */
function clipped(build: typeof clipByValue, limit: number, first: number[], second: number[]): number[][] {
  const graph = new Graph();
  const gradients = [graph.input('a', [first.length]), graph.input('b', [second.length])];
  const [a, b] = build(gradients, limit);
  const inputs = new Map([
    ['a', tensorData('float32', [first.length], Float32Array.from(first))],
    ['b', tensorData('float32', [second.length], Float32Array.from(second))],
  ]);
  const { outputs } = interpret(program({ name: 'clip', outputs: { a: a!, b: b! } }), inputs, new Map());
  return ['a', 'b'].map((name) => [...outputs.get(name)!.data]);
}

describe('clipping by global norm', () => {
  test('shortens all gradients by the same factor where their common length is too large', () => {
    // length 13: 5 / 13
    const [a, b] = clipped(clipByGlobalNorm, 5, [3, 4], [12]);
    expect(a![0]).toBeCloseTo(15 / 13, 5);
    expect(a![1]).toBeCloseTo(20 / 13, 5);
    expect(b![0]).toBeCloseTo(60 / 13, 5);
  });

  test('leaves shorter gradients as they are, and zeros zero', () => {
    expect(clipped(clipByGlobalNorm, 14, [3, 4], [12])).toEqual([[3, 4], [12]]);
    expect(clipped(clipByGlobalNorm, 1, [0, 0], [0])).toEqual([[0, 0], [0]]);
  });

  test('does not hide what is not finite', () => {
    expect(clipped(clipByGlobalNorm, 1, [Number.NaN, 1], [2]).flat()).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
    expect(clipped(clipByGlobalNorm, 1, [Number.POSITIVE_INFINITY, 1], [2])[0]![0]).toBeNaN();
  });
});

test('clipping by value cuts each element on both sides', () => {
  expect(clipped(clipByValue, 2, [-3, -1, 0], [1, 5])).toEqual([
    [-2, -1, 0],
    [1, 2],
  ]);
});
