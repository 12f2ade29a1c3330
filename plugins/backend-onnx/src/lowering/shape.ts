import { attr } from '@limbeck/formats';
import type { Shape, Tensor } from '@limbeck/graph';
import type { Lowering } from './lowering.js';
import type { ModelBuilder } from './model-builder.js';

export const reshape: Lowering<{ readonly shape: Shape }> = ([x], { model, node, attributes }) => {
  const from = model.target.batchAxis?.(node.inputs[0]!);
  const to = model.target.batchAxis?.(node);
  // 0 copies the size of the same axis, -1 takes what is left: either way the batch size is not written down
  return model.reshape(
    x!,
    attributes.shape.map((size, axis) => (axis === to ? (from === to ? 0 : -1) : size)),
  );
};

export const transpose: Lowering<{ readonly order: readonly number[] }> = ([x], { model, attributes }) =>
  model.transpose(x!, attributes.order);

export const broadcastTo: Lowering<{ readonly shape: Shape }> = ([x], { model, node, attributes }) => {
  const batch = model.target.batchAxis?.(node);
  // Expand stretches both ways, so that 1 leaves the batch as it comes
  const shape = attributes.shape.map((size, axis) => (axis === batch ? 1 : size));
  return model.emit('Expand', [x!, model.int64(shape)]);
};

type SliceAttributes = {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly steps: readonly number[];
};

export const slice: Lowering<SliceAttributes> = ([x], { model, node, attributes }) => {
  const { starts, ends, steps } = attributes;
  const { shape } = node.inputs[0]!;
  const axes = shape.flatMap((size, axis) =>
    starts[axis] === 0 && ends[axis] === size && steps[axis] === 1 ? [] : [axis],
  );
  const pick = (list: readonly number[]) => axes.map((axis) => list[axis]!);
  return axes.length === 0 ? x! : model.slice(x!, axes, pick(starts), pick(ends), pick(steps));
};

type PadAttributes = {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
};

export const pad: Lowering<PadAttributes> = ([x], { model, node, attributes }) => {
  const { before, after, value } = attributes;
  return model.emit('Pad', [x!, model.int64([...before, ...after]), model.scalar(value, node.dtype)]);
};

export const concat: Lowering<{ readonly axis: number }> = (inputs, { model, node, attributes }) => {
  const axes = node.inputs.map((input) => model.target.batchAxis?.(input));
  const known = axes.findIndex((axis) => axis !== undefined);
  const batch = axes[known];
  // what is the same for every example was written for one, and is there once for each
  const whole = inputs.map((x, i) =>
    batch === undefined || axes[i] !== undefined
      ? x
      : stretched(model, x, { like: inputs[known]!, node, batch }),
  );
  return model.emit('Concat', whole, { axis: attr.int(attributes.axis) });
};

/** A value as often along the batch as another one has examples. */
function stretched(
  model: ModelBuilder,
  x: string,
  { like, node, batch }: { like: string; node: Tensor; batch: number },
): string {
  const size = model.emit('Shape', [like], { start: attr.int(batch), end: attr.int(batch + 1) });
  const parts = node.shape.map((_, axis) => (axis === batch ? size : model.int64([1])));
  return model.emit('Expand', [x, model.emit('Concat', parts, { axis: attr.int(0) })]);
}

/** Before the first element, for a slice that runs backwards. */
export const beforeStart = -(2 ** 31);

export const reverse: Lowering<{ readonly axes: readonly number[] }> = (
  [x],
  { model, attributes: { axes } },
) => {
  const all = (value: number) => axes.map(() => value);
  return axes.length === 0 ? x! : model.slice(x!, axes, all(-1), all(beforeStart), all(-1));
};
