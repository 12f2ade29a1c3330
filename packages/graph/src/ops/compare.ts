import { primitive, type TensorType } from '../operation.js';
import { binarySamples, unarySamples } from '../samples.js';
import type { Operand, Tensor } from '../tensor.js';
import { inferBinary } from './binary.js';
import { broadcasting, elementwise, requireNumber, requireType } from './reference.js';

const asBool = (name: string) => (inputs: readonly TensorType[], _: unknown, scope: string) => ({
  ...inferBinary(name, inputs, scope),
  dtype: 'bool' as const,
});

/** The type of a function of truth values. */
const logical = (name: string) => (inputs: readonly TensorType[], _: unknown, scope: string) => {
  for (const input of inputs) requireType(name, 'every operand', input, 'bool', scope);
  const [a, b = a] = inputs;
  return inferBinary(name, [a!, b!], scope);
};

const samples = binarySamples({ from: -2, to: 2 }).map((sample) => ({
  inputs: sample.inputs.map((input, side) => ({
    ...input,
    // small integers, so that equal pairs occur
    values: Array.from(
      { length: input.shape.reduce((a, b) => a * b, 1) },
      (_, i) => ((i * 7 + side * 3) % 5) - 2,
    ),
    differentiable: false,
  })),
}));

/** a < b, elementwise: bool. */
export const less = primitive<'less', [a: Operand, b: Operand]>('less', {
  infer: (inputs, _, scope) => {
    requireNumber('less', inputs[0]!, scope);
    return asBool('less')(inputs, _, scope);
  },
  reference: broadcasting((a, b) => Number(a! < b!)),
  samples,
});

/** a = b, elementwise: bool. */
export const equal = primitive<'equal', [a: Operand, b: Operand]>('equal', {
  infer: asBool('equal'),
  reference: broadcasting((a, b) => Number(a === b)),
  samples,
});

/** Turns true into false. x: bool. */
export const logicalNot = primitive<'logicalNot', [x: Tensor]>('logicalNot', {
  infer: logical('logicalNot'),
  reference: elementwise((x) => Number(x === 0)),
  samples: unarySamples({ from: 0, to: 1 }).map((sample) => ({
    inputs: sample.inputs.map(({ shape }) => ({
      shape,
      dtype: 'bool' as const,
      values: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i % 2),
    })),
  })),
});

/** Both true. a, b: bool. */
export const logicalAnd = primitive<'logicalAnd', [a: Operand, b: Operand]>('logicalAnd', {
  infer: logical('logicalAnd'),
  reference: broadcasting((a, b) => Number(a !== 0 && b !== 0)),
  samples: [
    {
      inputs: [
        { shape: [2, 2], dtype: 'bool', values: [0, 0, 1, 1] },
        { shape: [2, 2], dtype: 'bool', values: [0, 1, 0, 1] },
      ],
    },
  ],
});
