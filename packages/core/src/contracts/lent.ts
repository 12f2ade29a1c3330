import type { TensorData } from '@limbeck/graph';

/**
 * Values that their owner lends: an executable, a teacher, a loader. The owner keeps two sets of buffers and uses them in turn,
 * so that a step allocates nothing. A lent value is valid until the owner's next call but one; {@link retain} what is needed
 * longer.
 */
export type Lent<Values> = Values;

/** A copy of a lent tensor, which its owner no longer overwrites. */
export const retain = <Tensor extends TensorData>(tensor: Lent<Tensor>): Tensor => ({
  ...tensor,
  data: tensor.data.slice(),
});
