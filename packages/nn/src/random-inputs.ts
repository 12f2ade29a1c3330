import { type Graph, randomDigits, type Tensor, type TensorData } from '@limbeck/graph';

const names = { seed: 'random.seed', step: 'random.step' } as const;

/** The inputs that every random mask of a program reads: seed and step, int32 [3] each. */
export const randomInputs = (graph: Graph): { seed: Tensor; step: Tensor } => ({
  seed: graph.input(names.seed, [3], 'int32'),
  step: graph.input(names.step, [3], 'int32'),
});

/**
 * What the inputs of random masks are fed with, by name: `random.seed` and `random.step`. A program has them where
 * something in it is random, as dropout is.
 *
 * @param seed a whole number from 0; beyond 2^32 its rest counts
 * @param step of the run, counted from 0 over all its programs; two steps never share a mask
 */
export const randomFeeds = (seed: number, step: number): Record<string, TensorData> => ({
  [names.seed]: randomDigits(seed % 2 ** 32),
  [names.step]: randomDigits(step),
});
