import { sizeOf, type Tensor } from '@limbeck/graph';
import type { Kernel } from './kernel.js';

export const gather: Kernel<{ readonly axis: number }> = {
  lower: ({ graph, node, attributes: { axis } }) => {
    const [x, indices] = node.inputs.map((input) => graph.read(input)) as [number, number];
    return graph.emit('GatherV2', { x, indices }, { axis, batchDims: 0 });
  },
};

/** Sums of the parts that go to the same place. */
export const scatterAdd: Kernel<{ readonly axis: number; readonly size: number }> = {
  lower: ({ graph, node, attributes: { axis, size } }) => {
    const [dy, places] = node.inputs as [Tensor, Tensor];
    const { dtype, shape } = node;
    const outer = sizeOf(shape.slice(0, axis));
    const inner = sizeOf(shape.slice(axis + 1));
    const picked = sizeOf(places.shape);
    const parts = graph.reshape(dtype, graph.inOrder(dy), [outer, picked, inner]);
    // the axis comes first, where the kernel wants it
    const rows = outer === 1 ? parts : graph.transpose(dtype, parts, [1, 0, 2]);
    const updates = graph.reshape(dtype, rows, [picked, outer * inner]);
    const indices = graph.reshape('int32', graph.inOrder(places), [picked, 1]);
    const sums = graph.emit('ScatterNd', { indices, updates }, { shape: [size, outer * inner] });
    if (outer === 1) return graph.reshape(dtype, sums, shape);
    const apart = graph.reshape(dtype, sums, [size, outer, inner]);
    return graph.reshape(dtype, graph.transpose(dtype, apart, [1, 0, 2]), shape);
  },
};

/** Indices outside the classes give a row of zeros. */
export const oneHot: Kernel<{ readonly classes: number }> = {
  lower: ({ graph, node, attributes: { classes } }) => {
    // the WASM backend writes integers, whatever it is asked for
    const dtype = graph.target.device === 'wasm' ? 'int32' : 'float32';
    const indices = graph.read(node.inputs[0]!);
    const rows = graph.emit('OneHot', { indices }, { depth: classes, onValue: 1, offValue: 0, dtype });
    return graph.cast(rows, dtype, 'float32');
  },
};
