import { add, div, minimum, mul, sqrt, sum, type Tensor } from '@limbeck/graph';

/** PyTorch's, so that a norm of 0 is no division by 0. */
const epsilon = 1e-6;

/** Euclidean length of all gradients taken as one vector: a scalar. */
export function globalNorm(gradients: readonly Tensor[]): Tensor {
  const [first, ...rest] = gradients.map((gradient) => sum(mul(gradient, gradient)));
  return sqrt(rest.reduce((total, square) => add(total, square), first!));
}

/**
 * Scales all gradients by one factor so that their common length is at most `maxNorm`: min(1, maxNorm / (norm + 1e-6)),
 * as `torch.nn.utils.clip_grad_norm_` does (Pascanu et al., ICML 2013).
 *
 * @param gradients at least one
 */
export function clipByGlobalNorm(gradients: readonly Tensor[], maxNorm: number): Tensor[] {
  const { graph } = gradients[0]!;
  const factor = minimum(div(graph.scalar(maxNorm), add(globalNorm(gradients), epsilon)), 1);
  return gradients.map((gradient) => mul(gradient, factor));
}
