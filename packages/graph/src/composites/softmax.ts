import { composite } from '../operation.js';
import { add, div, mul, sub } from '../ops/binary.js';
import { cast, stopGradient } from '../ops/cast.js';
import { equal } from '../ops/compare.js';
import { oneHot } from '../ops/indexing.js';
import { reduceMax, sum } from '../ops/reduce.js';
import { where } from '../ops/select.js';
import { reshape } from '../ops/shape.js';
import { exp, log, neg } from '../ops/unary.js';
import type { Sample } from '../samples.js';
import type { Tensor } from '../tensor.js';

const rows: readonly Sample<never>[] = [
  { inputs: [{ shape: [3, 5], from: -4, to: 4 }] },
  { inputs: [{ shape: [2, 10], from: -80, to: 80 }] },
];

/** Logarithm of the sum of exponentials along the last axis, which stays with size 1. Safe for any finite x. */
export const logSumExp = composite<'logSumExp', [x: Tensor]>(
  'logSumExp',
  (x) => {
    // the shift cancels, so no gradient needs to flow through it
    const shift = stopGradient(reduceMax(x, { axis: -1, keepDims: true }));
    return add(log(sum(exp(sub(x, shift)), { axis: -1, keepDims: true })), shift);
  },
  { grad: (dy, [x]) => [mul(dy, softmax(x!))], samples: rows },
);

/** Probabilities along the last axis. */
export const softmax = composite<'softmax', [x: Tensor]>(
  'softmax',
  (x) => {
    const e = exp(sub(x, stopGradient(reduceMax(x, { axis: -1, keepDims: true }))));
    return div(e, sum(e, { axis: -1, keepDims: true }));
  },
  {
    grad: (dy, _, y) => [mul(y, sub(dy, sum(mul(dy, y), { axis: -1, keepDims: true })))],
    samples: rows,
  },
);

/** Logarithms of the probabilities along the last axis. */
export const logSoftmax = composite<'logSoftmax', [x: Tensor]>('logSoftmax', (x) => sub(x, logSumExp(x)), {
  grad: (dy, [x]) => [sub(dy, mul(softmax(x!), sum(dy, { axis: -1, keepDims: true })))],
  samples: rows,
});

/** Cross-entropy of each row: logits [N, classes], labels [N] (int32, inside [0, classes)) -> [N]. */
export const softmaxCrossEntropy = composite<'softmaxCrossEntropy', [logits: Tensor, labels: Tensor]>(
  'softmaxCrossEntropy',
  (logits, labels) => {
    // chosen, not multiplied by 0: a class that is ruled out by -infinity costs nothing where it is not the label
    const isLabel = equal(oneHot(labels, logits.shape[1]!), 1);
    return neg(sum(where(isLabel, logSoftmax(logits), 0), { axis: 1 }));
  },
  {
    grad: (dy, [logits, labels]) => [
      mul(
        reshape(dy, [-1, 1]),
        sub(softmax(logits!), cast(oneHot(labels!, logits!.shape[1]!), logits!.dtype)),
      ),
      null,
    ],
    samples: [
      {
        inputs: [
          { shape: [4, 6], from: -4, to: 4 },
          { shape: [4], dtype: 'int32', values: [0, 5, 2, 2] },
        ],
      },
    ],
  },
);
