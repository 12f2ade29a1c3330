import { defineLoss } from '@limbeck/core';
import { meanSquaredError } from '@limbeck/graph';

/** Mean squared difference over all elements. */
export default defineLoss({
  id: 'mse',
  description: 'mean squared difference over all elements',
  value: meanSquaredError,
});
