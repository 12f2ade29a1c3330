import { LimbeckError } from '@limbeck/core';
import { formatShape, type Graph, type Shape, sameShape, type Tensor } from '@limbeck/graph';
import { type Mode, Scope, Trace } from '@limbeck/nn';

class BoundTrace extends Trace {
  readonly #tensors: Readonly<Record<string, Tensor>>;

  constructor(graph: Graph, mode: Mode, tensors: Readonly<Record<string, Tensor>>) {
    super(graph, { prefix: '', mode });
    this.#tensors = tensors;
  }

  override variable(_: 'parameter' | 'buffer', name: string, shape: Shape): Tensor {
    const tensor = this.#tensors[name];
    if (tensor !== undefined && sameShape(tensor.shape, shape)) return tensor;
    throw new LimbeckError(
      'SHAPE_MISMATCH',
      `variable '${name}' is ${formatShape(shape)}, but ${tensor === undefined ? 'none is given' : `${formatShape(tensor.shape)} is given`}`,
    );
  }
}

/**
 * A place whose variables are the given tensors, by name: with it, {@link checkGradients} reaches the parameters of a
 * projector or distiller as well.
 *
 * @example
 * checkGradients(
 *   (x, weight) => boundScope(x.graph, { 'fc.weight': weight }).linear('fc', x, { out: 3, bias: false }),
 *   [{ shape: [4, 6] }, { shape: [3, 6] }],
 * );
 */
export function boundScope(
  graph: Graph,
  tensors: Readonly<Record<string, Tensor>>,
  { mode = 'train' }: { mode?: Mode } = {},
): Scope {
  return new Scope(new BoundTrace(graph, mode, tensors));
}
