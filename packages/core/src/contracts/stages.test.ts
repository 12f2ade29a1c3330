import { expect, test } from 'vitest';
import { lastStageOf, stagesOf } from './stages.js';

test('stages come in order of their numbers; pre-activations, layers and other taps are none', () => {
  const taps = ['stem', 'stage10', 'stage2.preact', 'stage2', 'stage1', 'layer1', 'stage', 'last-map'];
  expect(stagesOf({ taps })).toEqual(['stage1', 'stage2', 'stage10']);
  expect(lastStageOf({ taps })).toBe('stage10');
});

test('without stages, the last map takes their place', () => {
  expect(stagesOf({ taps: ['embedding'] })).toEqual([]);
  expect(lastStageOf({ taps: ['embedding'] })).toBe('last-map');
});
