import { attr } from '@limbeck/formats';
import { constantData, type DType, isConstant, type Tensor } from '@limbeck/graph';
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

const isZero = (tensor: Tensor): boolean =>
  isConstant(tensor) && tensor.shape.length === 0 && constantData(tensor).data[0] === 0;

export const where: Lowering<None> = (inputs, context) => {
  const { model, node } = context;
  const [condition, kept, otherwise] = node.inputs as [Tensor, Tensor, Tensor];
  const [low, y] = condition.inputs;
  const isReluGradient =
    condition.operation.name === 'less' && isZero(low!) && isZero(otherwise) && kept.dtype === 'float32';
  if (!isReluGradient) return same('Where')(inputs, context);
  // A step function in one pass: HardSigmoid with a slope no float32 above zero stays below 1 with. Where(Greater(y, 0))
  // makes a mask and reads it again, and its broadcasting is slower than a product.
  const step = model.emit('HardSigmoid', [model.valueOf(y!)], {
    alpha: attr.float(3e38),
    beta: attr.float(0),
  });
  return model.emit('Mul', [inputs[1]!, step]);
};
