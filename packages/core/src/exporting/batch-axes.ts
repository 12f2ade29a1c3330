import {
  formatShape,
  type PrimitiveName,
  type Program,
  primitiveName,
  type Shape,
  sizeOf,
  type Tensor,
} from '@limbeck/graph';
import { LimbeckError } from '../errors.js';

/** The axis of a tensor that holds the batch; undefined where it does not depend on the batch. */
export type BatchAxis = number | undefined;

/** Where the batch goes, given where it is in the inputs. Throws where a graph for one batch size means something else at another. */
type Rule = (axes: readonly BatchAxis[], node: Tensor) => BatchAxis;

function refuse({ operation, scope, inputs }: Tensor, why: string): never {
  const shapes = inputs.map(({ shape }) => formatShape(shape)).join(', ');
  const place = scope === '' ? '' : ` at ${scope}`;
  throw new LimbeckError(
    'BACKEND_UNSUPPORTED',
    `'${operation.name}' of ${shapes}${place} cannot be exported for batches of any size: ${why}`,
    { hint: 'export what treats each example by itself', details: { operation: operation.name, scope } },
  );
}

const follow: Rule = ([axis]) => axis;

/** Operands aligned at the last axis, as broadcasting does; `trailing` axes are none of its business. */
function alignTo(axes: readonly BatchAxis[], node: Tensor, trailing = 0): BatchAxis {
  const rank = node.shape.length;
  const places = node.inputs.map(({ shape }, i) =>
    axes[i] === undefined ? undefined : axes[i] + rank - shape.length,
  );
  const place = places.find((axis) => axis !== undefined);
  if (place === undefined || place >= rank - trailing) return place;
  node.inputs.forEach(({ shape }, i) => {
    const size = shape[place - rank + shape.length];
    if (places[i] === undefined ? size !== undefined && size !== 1 : places[i] !== place)
      refuse(node, 'the batch meets an axis of fixed size');
  });
  return place;
}

const elementwise: Rule = (axes, node) => alignTo(axes, node);

/** Operations that work on each position of other axes by itself; `touched` names those they do not. */
const apartFrom =
  (touched: (node: Tensor) => readonly number[]): Rule =>
  ([axis], node) =>
    axis !== undefined && touched(node).includes(axis) ? refuse(node, 'it works across the batch') : axis;

/** An axis after some axes are gone. */
const without = (axis: BatchAxis, gone: readonly number[]): BatchAxis =>
  axis === undefined ? undefined : axis - gone.filter((other) => other < axis).length;

const list = (node: Tensor, name: string) => node.attributes[name] as readonly number[];

const reduce: Rule = ([axis], node) => {
  const axes = list(node, 'axes');
  if (axis !== undefined && axes.includes(axis)) refuse(node, 'it reduces over the batch');
  return node.attributes.keepDims === true ? axis : without(axis, axes);
};

const argMax: Rule = ([axis], node) => {
  const reduced = node.attributes.axis as number;
  return axis === reduced ? refuse(node, 'it compares across the batch') : without(axis, [reduced]);
};

/** The batch stays where as many elements lie before it, and its size is still there. */
const reshape: Rule = ([axis], node) => {
  if (axis === undefined) return undefined;
  const before = (shape: Shape, end: number) => sizeOf(shape.slice(0, end));
  const from = node.inputs[0]!.shape;
  const to = node.shape.findIndex(
    (size, i) => size === from[axis] && before(node.shape, i) === before(from, axis),
  );
  return to < 0 ? refuse(node, `its result ${formatShape(node.shape)} has no axis for the batch`) : to;
};

/** A convolution or a pool: the batch leads in the first input and is nowhere else. */
const ofImages: Rule = ([axis, ...others], node) => {
  const apart = (axis === undefined || axis === 0) && others.every((other) => other === undefined);
  return apart ? axis : refuse(node, 'only the first axis of the first input may hold the batch');
};

const matmul: Rule = (axes, node) => {
  const [a, b] = node.inputs as [Tensor, Tensor];
  const { transposeA, transposeB } = node.attributes;
  const rank = node.shape.length;
  const inner = [a.shape.length - (transposeA ? 2 : 1), b.shape.length - (transposeB ? 1 : 2)];
  if (axes.some((axis, i) => axis === inner[i])) refuse(node, 'it sums over the batch');
  if (axes[0] === undefined && axes[1] === undefined) return undefined;
  const rows = axes[0] === a.shape.length - (transposeA ? 1 : 2);
  const columns = axes[1] === b.shape.length - (transposeB ? 2 : 1);
  if (!rows && !columns) return alignTo(axes, node, 2);
  if (axes[0] !== undefined && axes[1] !== undefined) refuse(node, 'both operands hold the batch');
  return rows ? rank - 2 : rank - 1;
};

const gather: Rule = ([axis, ofIndices], node) => {
  const at = node.attributes.axis as number;
  const added = node.inputs[1]!.shape.length;
  if (axis !== undefined && ofIndices !== undefined) refuse(node, 'both operands hold the batch');
  if (ofIndices !== undefined) return at + ofIndices;
  if (axis === at) refuse(node, 'it picks examples of the batch');
  return axis === undefined || axis < at ? axis : axis + added - 1;
};

const concat: Rule = (axes, node) => {
  if (axes.includes(node.attributes.axis as number)) refuse(node, 'it lengthens the batch');
  return alignTo(axes, node);
};

const broadcastTo: Rule = ([axis], node) =>
  axis === undefined ? undefined : axis + node.shape.length - node.inputs[0]!.shape.length;

const changed = (differs: (node: Tensor, axis: number) => boolean) => (node: Tensor) =>
  node.inputs[0]!.shape.flatMap((_, axis) => (differs(node, axis) ? [axis] : []));

const slice = apartFrom(
  changed(
    (node, axis) =>
      list(node, 'starts')[axis] !== 0 ||
      list(node, 'ends')[axis] !== node.inputs[0]!.shape[axis] ||
      list(node, 'steps')[axis] !== 1,
  ),
);

const pad = apartFrom(
  changed((node, axis) => list(node, 'before')[axis] !== 0 || list(node, 'after')[axis] !== 0),
);

const training: Rule = (axes, node) =>
  axes.every((axis) => axis === undefined) ? undefined : refuse(node, 'it belongs to training');

const rules: { readonly [K in PrimitiveName]: Rule } = {
  neg: follow,
  exp: follow,
  log: follow,
  sqrt: follow,
  reciprocal: follow,
  abs: follow,
  sign: follow,
  relu: follow,
  tanh: follow,
  erf: follow,
  cast: follow,
  stopGradient: follow,
  add: elementwise,
  sub: elementwise,
  mul: elementwise,
  div: elementwise,
  maximum: elementwise,
  minimum: elementwise,
  pow: elementwise,
  less: elementwise,
  equal: elementwise,
  logicalNot: follow,
  logicalAnd: elementwise,
  where: elementwise,
  sum: reduce,
  reduceMax: reduce,
  argMax,
  matmul,
  conv2d: ofImages,
  maxPool: ofImages,
  maxPoolGradient: training,
  avgPool: ofImages,
  avgPoolGradient: training,
  reshape,
  transpose: ([axis], node) => (axis === undefined ? undefined : list(node, 'order').indexOf(axis)),
  broadcastTo,
  slice,
  pad,
  concat,
  reverse: apartFrom((node) => list(node, 'axes')),
  gather,
  scatterAdd: training,
  oneHot: follow,
};

function ruleOf(node: Tensor): Rule {
  const name = primitiveName(node);
  return name === undefined ? refuse(node, 'nobody knows what it does') : rules[name];
}

/**
 * Where the batch is in each tensor of a program, which is written for one batch size. The batch enters as the leading
 * axis of every input whose leading size is that of the first.
 *
 * @throws LimbeckError BACKEND_UNSUPPORTED where the program computes across the batch
 */
export function findBatchAxes(program: Program): (tensor: Tensor) => BatchAxis {
  const known = new Map<Tensor, BatchAxis>();
  const size = program.inputs[0]?.shape[0];
  for (const input of program.inputs)
    known.set(input, input.shape[0] === size && size !== undefined ? 0 : undefined);
  const axisOf = (root: Tensor): BatchAxis => {
    const waiting = [root];
    while (waiting.length > 0) {
      const node = waiting.at(-1)!;
      const { operation } = node;
      const needed =
        operation.kind === 'composite'
          ? [node.graph.decompositionOf(node)]
          : known.has(node)
            ? []
            : node.inputs;
      const missing = needed.filter((input) => !known.has(input));
      if (missing.length > 0) {
        waiting.push(...missing);
        continue;
      }
      waiting.pop();
      if (known.has(node)) continue;
      const axes = needed.map((input) => known.get(input));
      if (operation.kind === 'primitive') known.set(node, ruleOf(node)(axes, node));
      else known.set(node, axes[0]);
    }
    return known.get(root);
  };
  return axisOf;
}
