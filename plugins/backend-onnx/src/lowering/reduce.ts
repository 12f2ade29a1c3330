import { attr } from '@limbeck/formats';
import type { ReduceAttributes } from '@limbeck/graph';
import { castTo } from './elementwise.js';
import type { Lowering } from './lowering.js';

/** @param since the first operator set in which the axes are an input */
const reduction =
  (opType: string, since: number): Lowering<ReduceAttributes> =>
  ([x], { model, attributes: { axes, keepDims } }) => {
    const keepdims = attr.int(Number(keepDims));
    return model.target.opset < since
      ? model.emit(opType, [x!], { axes: attr.ints(axes), keepdims })
      : model.emit(opType, [x!, model.int64(axes)], { keepdims });
  };

export const sum = reduction('ReduceSum', 13);
export const reduceMax = reduction('ReduceMax', 18);

export const argMax: Lowering<{ readonly axis: number }> = (inputs, { model, attributes }) => {
  const index = model.emit('ArgMax', inputs, { axis: attr.int(attributes.axis), keepdims: attr.int(0) });
  return model.emit('Cast', [index], castTo('int32'));
};
