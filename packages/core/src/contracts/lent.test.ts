import { tensorData } from '@limbeck/graph';
import { expect, test } from 'vitest';
import { retain } from './lent.js';

test('what is retained stays as it was when its owner writes again', () => {
  const lent = tensorData('float32', [2], Float32Array.of(1, 2));
  const kept = retain(lent);
  lent.data.fill(9);
  expect(kept).toEqual(tensorData('float32', [2], Float32Array.of(1, 2)));
});
