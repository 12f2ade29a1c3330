import { attr } from '@limbeck/formats';
import { type Shape, type Tensor, tensorData } from '@limbeck/graph';
import type { Lowering, LoweringContext } from './lowering.js';
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
  if (model.target.batchAxis !== undefined) return paddedByParts(x!, { model, node, attributes });
  return model.emit('Pad', [x!, model.int64([...before, ...after]), model.scalar(value, node.dtype)]);
};

/** Axes of a map [N, C, H, W] that every tool pads. */
const isSpatial = (axis: number, { shape }: Tensor): boolean => shape.length === 4 && axis >= 2;

/** Padding for other tools, which know it along height and width alone: along other axes, constants are joined on. */
function paddedByParts(x: string, { model, node, attributes }: LoweringContext<PadAttributes>): string {
  const { before, after, value } = attributes;
  const [input] = node.inputs as [Tensor];
  const batch = model.target.batchAxis?.(input);
  const shape = [...input.shape];
  let padded = x;
  for (const axis of shape.keys()) {
    if (isSpatial(axis, node)) continue;
    const part = (size: number) => {
      if (size === 0) return [];
      const data = tensorData(
        node.dtype,
        shape.map((all, i) => (i === axis ? size : i === batch ? 1 : all)),
      );
      data.data.fill(value as never);
      const constant = model.constant(data);
      return [batch === undefined ? constant : stretched(model, constant, { like: x, node, batch })];
    };
    const parts = [...part(before[axis]!), padded, ...part(after[axis]!)];
    if (parts.length > 1) padded = model.emit('Concat', parts, { axis: attr.int(axis) });
    shape[axis]! += before[axis]! + after[axis]!;
  }
  const left = (sizes: readonly number[]) => sizes.map((size, axis) => (isSpatial(axis, node) ? size : 0));
  const pads = [...left(before), ...left(after)];
  if (pads.every((size) => size === 0)) return padded;
  return model.emit('Pad', [padded, model.int64(pads), model.scalar(value, node.dtype)]);
}

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
  const size =
    model.target.opset < 15
      ? model.slice(model.emit('Shape', [like]), [0], [batch], [batch + 1])
      : model.emit('Shape', [like], { start: attr.int(batch), end: attr.int(batch + 1) });
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
