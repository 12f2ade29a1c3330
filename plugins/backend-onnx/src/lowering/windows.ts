import { attr } from '@limbeck/formats';
import type { PoolAttributes } from '@limbeck/graph';

/** The attributes of a pooling operator. */
export const windows = ({ kernel, strides, padding }: PoolAttributes) => ({
  kernel_shape: attr.ints(kernel),
  strides: attr.ints(strides),
  pads: attr.ints(padding),
});
