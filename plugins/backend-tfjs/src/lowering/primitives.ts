import { tfAttr } from '@limbeck/formats';
import type { PrimitiveName, primitives } from '@limbeck/graph';
import { conv2d } from './convolution.js';
import { add, cast, logicalOperator, same, where } from './elementwise.js';
import { gather, oneHot, scatterAdd } from './indexing.js';
import type { AttributesOf, Lowering } from './lowering.js';
import { matmul } from './matmul.js';
import { reshape, stopGradient, transpose } from './moves.js';
import { avgPool, avgPoolGradient, maxPool, maxPoolGradient } from './pool.js';
import { argMax, reduceMax, sum } from './reduce.js';
import { broadcastTo, concat, pad, reverse, slice } from './shape.js';

/** How every primitive is written in TensorFlow. A primitive without an entry is a type error. */
export const primitiveLowerings: {
  readonly [K in PrimitiveName]: Lowering<AttributesOf<(typeof primitives)[K]>>;
} = {
  neg: same('Neg'),
  exp: same('Exp'),
  log: same('Log'),
  sqrt: same('Sqrt'),
  reciprocal: same('Reciprocal'),
  abs: same('Abs'),
  sign: same('Sign'),
  relu: same('Relu'),
  tanh: same('Tanh'),
  erf: same('Erf'),
  cast,
  stopGradient,
  add,
  sub: same('Sub'),
  mul: same('Mul'),
  div: same('RealDiv'),
  maximum: same('Maximum'),
  minimum: same('Minimum'),
  pow: same('Pow'),
  less: same('Less'),
  equal: same('Equal', { incompatible_shape_error: tfAttr.bool(true) }),
  logicalNot: logicalOperator('LogicalNot'),
  logicalAnd: logicalOperator('LogicalAnd'),
  where,
  sum,
  reduceMax,
  argMax,
  matmul,
  conv2d,
  maxPool,
  maxPoolGradient,
  avgPool,
  avgPoolGradient,
  reshape,
  transpose,
  broadcastTo,
  slice,
  pad,
  concat,
  reverse,
  gather,
  scatterAdd,
  oneHot,
};
