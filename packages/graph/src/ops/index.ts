import type { Tensor } from '../tensor.js';
import { add, div, maximum, minimum, mul, pow, sub } from './binary.js';
import { castOperation, stopGradientOperation } from './cast.js';
import { equal, less, logicalAnd, logicalNot } from './compare.js';
import { concatOperation, reverseOperation } from './concat.js';
import { conv2dOperation } from './conv2d.js';
import { gatherOperation, oneHotOperation, scatterAdd } from './indexing.js';
import { matmulOperation } from './matmul.js';
import { avgPoolGradient, avgPoolOperation, maxPoolGradient, maxPoolOperation } from './pool.js';
import { argMaxOperation, reduceMaxOperation, sumOperation } from './reduce.js';
import { whereOperation } from './select.js';
import { broadcastToOperation, reshapeOperation, transposeOperation } from './shape.js';
import { padOperation, sliceOperation } from './slice.js';
import { abs, erf, exp, log, neg, reciprocal, relu, sign, sqrt, tanh } from './unary.js';

/** Every primitive, by name: what a backend has to implement, checked by the type of its lowering table. */
export const primitives = {
  neg,
  exp,
  log,
  sqrt,
  reciprocal,
  abs,
  sign,
  relu,
  tanh,
  erf,
  cast: castOperation,
  stopGradient: stopGradientOperation,
  add,
  sub,
  mul,
  div,
  maximum,
  minimum,
  pow,
  less,
  equal,
  logicalNot,
  logicalAnd,
  where: whereOperation,
  sum: sumOperation,
  reduceMax: reduceMaxOperation,
  argMax: argMaxOperation,
  matmul: matmulOperation,
  conv2d: conv2dOperation,
  maxPool: maxPoolOperation,
  maxPoolGradient,
  avgPool: avgPoolOperation,
  avgPoolGradient,
  reshape: reshapeOperation,
  transpose: transposeOperation,
  broadcastTo: broadcastToOperation,
  slice: sliceOperation,
  pad: padOperation,
  concat: concatOperation,
  reverse: reverseOperation,
  gather: gatherOperation,
  scatterAdd,
  oneHot: oneHotOperation,
} as const;

/** Names of the primitives. */
export type PrimitiveName = keyof typeof primitives;

/** The name of one of this package's primitives; undefined for any other operation, whatever it is called. */
export function primitiveName({ operation }: Tensor): PrimitiveName | undefined {
  const known: Readonly<Record<string, unknown>> = primitives;
  return known[operation.name] === operation ? (operation.name as PrimitiveName) : undefined;
}
