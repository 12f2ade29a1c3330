import type { PrimitiveName, primitives } from '@limbeck/graph';
import type { AttributesOf } from '../../lowering/lowering.js';
import { reshape, stopGradient, transpose } from '../../lowering/moves.js';
import { conv2d } from './convolution.js';
import { binary, cast, sign, unary, where } from './elementwise.js';
import { gather, oneHot, scatterAdd } from './indexing.js';
import type { Kernel } from './kernel.js';
import { matmul } from './matmul.js';
import { avgPool, avgPoolGradient, maxPool, maxPoolGradient } from './pool.js';
import { argMax, reduceMax, sum } from './reduce.js';
import { broadcastTo, concat, pad, reverse, slice } from './shape.js';

/** How every primitive is computed by kernels of tfjs. A primitive without an entry is a type error. */
export const primitiveKernels: {
  readonly [K in PrimitiveName]: Kernel<AttributesOf<(typeof primitives)[K]>>;
} = {
  neg: unary('Neg'),
  exp: unary('Exp'),
  log: unary('Log'),
  sqrt: unary('Sqrt'),
  reciprocal: unary('Reciprocal'),
  abs: unary('Abs'),
  sign,
  relu: unary('Relu'),
  tanh: unary('Tanh'),
  erf: unary('Erf'),
  cast,
  stopGradient,
  add: binary('Add'),
  sub: binary('Sub'),
  mul: binary('Multiply'),
  div: binary('RealDiv'),
  maximum: binary('Maximum'),
  minimum: binary('Minimum'),
  pow: binary('Pow'),
  less: binary('Less'),
  equal: binary('Equal'),
  logicalNot: unary('LogicalNot'),
  logicalAnd: binary('LogicalAnd'),
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
