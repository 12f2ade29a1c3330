import type { PrimitiveName, Shape, Tensor } from '@limbeck/graph';

/** Axes that TensorFlow's kernels for the CPU know what to do with, where they do not know them all. */
const most: Readonly<Partial<Record<PrimitiveName, number>>> = {
  pad: 6,
  argMax: 7,
  slice: 8,
  reverse: 8,
  where: 8,
};

/** Axes of a broadcast, neighbours that are stretched alike counted as one. */
const mostStretched = 5;

/**
 * Why TensorFlow would refuse a node's shapes, which it does only when it gets there in a step; undefined where it takes
 * them.
 */
export function shapeFault({ operation, inputs, shape }: Tensor): string | undefined {
  if (operation.kind !== 'primitive') return undefined;
  const limit = most[operation.name as PrimitiveName];
  const rank = Math.max(shape.length, ...inputs.map((input) => input.shape.length));
  if (limit !== undefined && rank > limit) return `it takes ${limit} axes at most`;
  const stretched = isBroadcast(operation.name, inputs) ? stretchedAxes(inputs, shape) : 0;
  if (stretched <= mostStretched) return undefined;
  return `it broadcasts over ${mostStretched} axes at most, neighbours that are stretched alike counted as one`;
}

/** Operations over one element at a time give the shape their operands are stretched to. */
const isBroadcast = (name: string, inputs: readonly Tensor[]): boolean =>
  name === 'broadcastTo' || (inputs.length > 1 && elementwise.has(name));

const elementwise: ReadonlySet<string> = new Set<PrimitiveName>([
  'add',
  'sub',
  'mul',
  'div',
  'maximum',
  'minimum',
  'pow',
  'less',
  'equal',
  'logicalAnd',
  'where',
]);

function stretchedAxes(inputs: readonly Tensor[], shape: Shape): number {
  const rank = shape.length;
  const patterns = shape.map((size, axis) =>
    inputs
      .map((input) => (size !== 1 && (input.shape[axis - rank + input.shape.length] ?? 1) === 1 ? 1 : 0))
      .join(''),
  );
  const counted = patterns.filter((_, axis) => shape[axis] !== 1);
  return counted.filter((pattern, i) => i === 0 || pattern !== counted[i - 1]).length;
}
