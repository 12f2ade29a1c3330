import { defineLoss } from '@limbeck/core';
import { smoothL1 } from '@limbeck/graph';

/** Half the squared difference within 1 of 0, the absolute difference less one half beyond; mean over all elements. */
export default defineLoss({
  id: 'smooth-l1',
  description: 'squared difference near 0, absolute difference beyond 1, mean over all elements',
  value: smoothL1,
});
