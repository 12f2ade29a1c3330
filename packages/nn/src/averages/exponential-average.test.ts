import { Graph, interpret, program, tensorData } from '@limbeck/graph';
import { expect, test } from 'vitest';
import { averageDecay, averagedName, averageName, averageValues } from './exponential-average.js';

test('without a warm-up the decay is the same in every step', () => {
  const decay = averageDecay({ decay: 0.99 });
  expect([0, 1, 1000].map(decay)).toEqual([0.99, 0.99, 0.99]);
});

test('a warm-up copies first and then lengthens the average up to the decay', () => {
  const decay = averageDecay({ decay: 0.9, warmup: true });
  expect(decay(0)).toBe(0);
  expect(decay(1)).toBeCloseTo(1 - 2 ** (-2 / 3), 12);
  expect(decay(7)).toBeCloseTo(0.75, 12);
  expect(decay(1e6)).toBe(0.9);
});

test.each([-0.1, 1, Number.NaN])('a decay of %d is refused', (decay) => {
  expect(() => averageDecay({ decay })).toThrow(/at least 0 and below 1/);
});

test('an average follows the values that the step gives', () => {
  const graph = new Graph();
  const decay = graph.input('decay', []);
  const updates = averageValues([{ stateName: 'p', next: graph.input('next', [2]) }], decay);
  const step = program({ name: 'average', outputs: { decay }, updates });
  const f32 = (...values: number[]) =>
    tensorData('float32', values.length === 1 ? [] : [2], Float32Array.from(values));
  const inputs = new Map([
    ['decay', f32(0.75)],
    ['next', f32(8, -4)],
  ]);
  const { state } = interpret(step, inputs, new Map([['average.p', f32(4, 0)]]));
  expect([...state.get('average.p')!.data]).toEqual([5, -1]);
});

test('the name of an average leads back to what it follows', () => {
  expect(averagedName(averageName('student.fc.weight'))).toBe('student.fc.weight');
  expect(averagedName('student.fc.weight')).toBeUndefined();
});
