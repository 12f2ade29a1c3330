import type { PrimitiveName, primitives } from '@limbeck/graph';
import { conv2d } from './convolution.js';
import { add, cast, same, stopGradient } from './elementwise.js';
import { gather, oneHot, scatterAdd } from './indexing.js';
import type { AttributesOf, Lowering } from './lowering.js';
import { matmul } from './matmul.js';
import { avgPool, avgPoolGradient, maxPool, maxPoolGradient } from './pool.js';
import { pow } from './pow.js';
import { argMax, reduceMax, sum } from './reduce.js';
import { broadcastTo, concat, pad, reshape, reverse, slice, transpose } from './shape.js';

/** How every primitive is written in ONNX. A primitive without an entry is a type error. */
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
  div: same('Div'),
  maximum: same('Max'),
  minimum: same('Min'),
  pow,
  less: same('Less'),
  equal: same('Equal'),
  logicalNot: same('Not'),
  logicalAnd: same('And'),
  where: same('Where'),
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
