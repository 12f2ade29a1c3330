import { attr } from '@limbeck/formats';
import { type DType, isLayerGradient } from '@limbeck/graph';
import { addBias } from './bias.js';
import type { Lowering } from './lowering.js';

type None = Record<never, never>;

/** An operation that ONNX knows as one operator without attributes. */
export const same =
  (opType: string): Lowering<None> =>
  (inputs, { model }) =>
    model.emit(opType, inputs);

/** Numbers of ONNX's element types, as `Cast` takes them. */
const elementNumbers: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  bool: 9,
  bfloat16: 16,
};

/** The attribute of `Cast` that names an element type. */
export const castTo = (dtype: DType) => ({ to: attr.int(elementNumbers[dtype]) });

export const cast: Lowering<{ readonly to: DType }> = (inputs, { model, attributes }) =>
  model.emit('Cast', inputs, castTo(attributes.to));

/** The same value: no node at all. */
export const stopGradient: Lowering<None> = ([x]) => x!;

export const add: Lowering<None> = (inputs, context) => addBias(context) ?? same('Add')(inputs, context);

export const reluGradient: Lowering<None> = ([dy, y], { model, node }) => {
  if (!isLayerGradient(node.inputs[0]!)) {
    const zero = model.scalar(0, node.dtype);
    return model.emit('Where', [model.emit('Greater', [y!, zero]), dy!, zero]);
  }
  // A step function in one pass: HardSigmoid with a slope no normal float32 above zero stays below 1 with. Where(Greater)
  // makes a mask and reads it again: 3 % of the processor's time in a step of resnet8x4.
  const step = model.emit('HardSigmoid', [y!], { alpha: attr.float(3e38), beta: attr.float(0) });
  return model.emit('Mul', [dy!, step]);
};
