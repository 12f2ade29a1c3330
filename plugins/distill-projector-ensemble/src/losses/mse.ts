import { defineLoss } from '@limbeck/core';
import { mean, square, sub } from '@limbeck/graph';

/** Mean squared difference over all elements. */
export default defineLoss({
  id: 'mse',
  description: 'mean squared difference over all elements',
  value: (student, teacher) => mean(square(sub(student, teacher))),
});
