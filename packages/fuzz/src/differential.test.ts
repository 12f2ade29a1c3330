import { expect, test } from 'vitest';
import { compareProgramsOn } from './differential.js';

test('random programs agree with the reference itself', async () => {
  const { counts, settled, failure } = await compareProgramsOn('reference', { programs: 20, seed: 1 });
  expect(failure).toBeUndefined();
  expect(counts).toEqual({ agreed: 20, refused: 0, differed: 0 });
  expect(settled).toBeGreaterThan(0.6);
});
