import { attr } from '@limbeck/formats';
import { type TensorType, tensorData } from '@limbeck/graph';
import type { ModelBuilder } from './model-builder.js';

/** A tensor of zeros made where it is used, so that the file does not hold it. */
export function zeros(model: ModelBuilder, { shape, dtype }: TensorType): string {
  const value = attr.tensor({ name: '', ...tensorData(dtype, [1]) });
  return model.emit('ConstantOfShape', [model.int64(shape)], { value });
}
