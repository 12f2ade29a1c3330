import { attr } from '@limbeck/formats';
import type { ReduceAttributes } from '@limbeck/graph';
import { castTo } from './elementwise.js';
import type { Lowering } from './lowering.js';

const reduction =
  (opType: string): Lowering<ReduceAttributes> =>
  ([x], { model, attributes: { axes, keepDims } }) =>
    model.emit(opType, [x!, model.int64(axes)], { keepdims: attr.int(Number(keepDims)) });

export const sum = reduction('ReduceSum');
export const reduceMax = reduction('ReduceMax');

export const argMax: Lowering<{ readonly axis: number }> = (inputs, { model, attributes }) => {
  const index = model.emit('ArgMax', inputs, { axis: attr.int(attributes.axis), keepdims: attr.int(0) });
  return model.emit('Cast', [index], castTo('int32'));
};
