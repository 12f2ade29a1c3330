/**
 * Names of tensors that training keeps beside a model's weights and no model reads: counters of batch norms and of averaged
 * models, counters of operations, and the optimiser state in this project's own checkpoints.
 */
const patterns: readonly RegExp[] = [
  /(^|\.)num_batches_tracked$/,
  /(^|\.)n_averaged$/,
  /(^|\.)total_(ops|params)$/,
  /(^|\.)__flops__$/,
  /(^|\.)_extra_state$/,
  /^optimizer\./,
];

/** Whether a tensor is known to be no weight. */
export const isBookkeeping = (name: string): boolean => patterns.some((pattern) => pattern.test(name));

/** Counters that every checkpoint of a network with batch norms has: they are not worth a word. */
export const isCommon = (name: string): boolean => name.endsWith('num_batches_tracked');
