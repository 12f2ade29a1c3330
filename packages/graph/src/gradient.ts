import { formatShape, isFloat, type Shape, sameShape } from './dtype.js';
import { GraphError } from './errors.js';
import { add } from './ops/binary.js';
import { sum } from './ops/reduce.js';
import { broadcastTo, reshape } from './ops/shape.js';
import type { Tensor } from './tensor.js';
import { ancestors } from './traverse.js';

/**
 * Gradients of a scalar with respect to tensors it depends on: new nodes of the same graph, shaped like `wrt`.
 * A tensor the loss does not depend on gets zeros.
 *
 * @example
 * const [dw] = gradients(mean(square(sub(matmul(x, w), y))), [w]);
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  const reached = reachedGradients(loss, wrt);
  return wrt.map(
    (tensor) => reached.get(tensor) ?? broadcastTo(tensor.graph.scalar(0, tensor.dtype), tensor.shape),
  );
}

/**
 * As {@link gradients}, but only of those tensors that a gradient path leads to: what the loss reads behind
 * `stopGradient`, or not at all, is left out.
 */
export function reachedGradients(loss: Tensor, wrt: readonly Tensor[]): Map<Tensor, Tensor> {
  if (loss.shape.length !== 0 || !isFloat(loss.dtype)) {
    throw new GraphError(
      'GRAPH_SHAPE',
      `gradients are taken of a floating-point scalar, not of ${loss.dtype} ${formatShape(loss.shape)}`,
      loss.scope,
    );
  }
  const { graph } = loss;
  const foreign = wrt.find((tensor) => tensor.graph !== graph);
  if (foreign !== undefined) {
    throw new GraphError(
      'GRAPH_INVALID',
      `'${foreign.operation.name}' ${formatShape(foreign.shape)} belongs to another graph than the loss`,
      foreign.scope,
    );
  }
  const reached = ancestors([loss], { throughComposites: true });
  const active = dependents(reached, new Set(wrt));
  const adjoints = new Map<Tensor, Tensor>([[loss, graph.scalar(1, loss.dtype)]]);
  const send = (to: Tensor, gradient: Tensor) => {
    const fitted = unbroadcast(gradient, to.shape);
    const sofar = adjoints.get(to);
    adjoints.set(to, sofar === undefined ? fitted : add(sofar, fitted));
  };
  // inputs have smaller ids than their users, so falling ids are a reverse topological order
  for (const node of [...active].sort((a, b) => b.id - a.id)) {
    const dy = adjoints.get(node);
    if (dy === undefined || node.operation.kind === 'leaf') continue;
    graph.scoped(gradientScope(node.scope), () => {
      const { operation } = node;
      if (operation.kind === 'composite' && operation.grad === undefined) {
        send(graph.decompositionOf(node), dy);
        return;
      }
      if (operation.grad === undefined) {
        if (!node.inputs.some((input) => active.has(input))) return;
        throw new GraphError('GRAPH_INVALID', `'${operation.name}' has no gradient`, node.scope);
      }
      const parts = operation.grad(dy, node.inputs, node, node.attributes as never);
      node.inputs.forEach((input, i) => {
        const part = parts[i];
        if (part && active.has(input)) send(input, part);
      });
    });
  }
  return new Map(
    wrt.flatMap((tensor) => {
      const gradient = adjoints.get(tensor);
      return gradient === undefined ? [] : [[tensor, gradient] as const];
    }),
  );
}

/** Nodes among `reached` that depend on one of `roots`, the roots included; only float nodes carry a gradient. */
function dependents(reached: readonly Tensor[], roots: ReadonlySet<Tensor>): Set<Tensor> {
  const found = new Set<Tensor>();
  for (const node of reached) {
    if (!isFloat(node.dtype)) continue;
    const composite = node.operation.kind === 'composite' && node.operation.grad === undefined;
    const sources = composite ? [node.graph.decompositionOf(node)] : node.inputs;
    if (roots.has(node) || sources.some((source) => found.has(source))) found.add(node);
  }
  return found;
}

/** Sums a gradient over the axes along which its tensor was stretched. */
function unbroadcast(gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const extra = gradient.shape.length - shape.length;
  if (extra < 0) return broadcastTo(gradient, shape);
  const stretched = gradient.shape.flatMap((n, axis) =>
    axis < extra || (shape[axis - extra] === 1 && n !== 1) ? [axis] : [],
  );
  const summed = reshape(
    sum(gradient, { axis: stretched, keepDims: true }),
    gradient.shape.slice(extra).map((n, i) => (shape[i] === 1 ? 1 : n)),
  );
  return broadcastTo(summed, shape);
}

/** Gradient nodes are listed beside what they belong to. */
function gradientScope(scope: string): string {
  if (scope === '') return 'gradient';
  return scope === 'gradient' || scope.endsWith('/gradient') ? scope : `${scope}/gradient`;
}
