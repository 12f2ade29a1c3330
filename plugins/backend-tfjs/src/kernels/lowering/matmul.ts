import {
  broadcastShapes,
  type MatmulAttributes,
  type Shape,
  sameShape,
  sizeOf,
  type Tensor,
} from '@limbeck/graph';
import type { Kernel } from './kernel.js';
import type { Slot } from './plan.js';
import type { PlanBuilder } from './plan-builder.js';

/** An operand whose leading axes are those of the product: the kernels stretch a single matrix alone. */
function stretchedBatch(graph: PlanBuilder, x: Tensor, batch: Shape): { value: Slot; shape: Shape } {
  const own = x.shape.slice(0, -2);
  const value = graph.read(x);
  if (sameShape(own, batch) || sizeOf(own) === 1) return { value, shape: x.shape };
  const shape = [...Array<number>(batch.length - own.length).fill(1), ...x.shape];
  const apart = own.length === batch.length ? value : graph.reshape(x.dtype, value, shape);
  const reps = [...batch.map((n, axis) => n / shape[axis]!), 1, 1];
  return { value: graph.tile(apart, reps), shape: shape.map((n, axis) => n * reps[axis]!) };
}

export const matmul: Kernel<MatmulAttributes> = {
  lower: ({ graph, node, attributes: { transposeA, transposeB } }) => {
    const [a, b] = node.inputs as [Tensor, Tensor];
    const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2), node.scope);
    const [left, right] = [stretchedBatch(graph, a, batch), stretchedBatch(graph, b, batch)];
    // the fast product of the WASM backend is the one of matrices as they lie
    const moves = graph.target.device === 'wasm';
    const operand = ({ value, shape }: { value: Slot; shape: Shape }, transposed: boolean): Slot => {
      if (!transposed || !moves) return value;
      const axes = shape.map((_, axis) => axis);
      return graph.transpose(node.dtype, value, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
    };
    return graph.emit(
      'BatchMatMul',
      { a: operand(left, transposeA), b: operand(right, transposeB) },
      { transposeA: transposeA && !moves, transposeB: transposeB && !moves },
    );
  },
};
