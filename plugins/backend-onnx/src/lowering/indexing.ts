import { attr } from '@limbeck/formats';
import { tensorData } from '@limbeck/graph';
import { castTo } from './elementwise.js';
import type { Lowering } from './lowering.js';
import { zeros } from './zeros.js';

export const gather: Lowering<{ readonly axis: number }> = (inputs, { model, attributes }) =>
  model.emit('Gather', inputs, { axis: attr.int(attributes.axis) });

type ScatterAttributes = { readonly axis: number; readonly size: number };

// ScatterElements adds in order, so that equal indices give the same bits every time; ScatterND adds in parallel
export const scatterAdd: Lowering<ScatterAttributes> = ([dy, indices], { model, node, attributes }) => {
  const { axis } = attributes;
  const picked = node.inputs[1]!.shape.reduce((a, b) => a * b, 1);
  const flat = [...node.shape.slice(0, axis), picked, ...node.shape.slice(axis + 1)];
  const column = model.reshape(
    indices!,
    flat.map((_, i) => (i === axis ? picked : 1)),
  );
  return model.emit(
    'ScatterElements',
    [zeros(model, node), model.emit('Expand', [column, model.int64(flat)]), model.reshape(dy!, flat)],
    { axis: attr.int(axis), reduction: attr.string('add') },
  );
};

// not OneHot: that counts negative indices from the end, where here they give a row of zeros
export const oneHot: Lowering<{ readonly classes: number }> = (
  [indices],
  { model, attributes: { classes } },
) => {
  const all = model.constant(
    tensorData(
      'int32',
      [classes],
      Int32Array.from({ length: classes }, (_, i) => i),
    ),
  );
  const hits = model.emit('Equal', [model.emit('Unsqueeze', [indices!, model.int64([-1])]), all]);
  return model.emit('Cast', [hits], castTo('float32'));
};
