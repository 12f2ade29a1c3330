import { LimbeckError } from '@limbeck/core';
import {
  concat,
  l2Normalize,
  logSoftmax,
  matmul,
  mul,
  slice,
  softmax,
  stopGradient,
  sub,
  sum,
  type Tensor,
} from '@limbeck/graph';
import { type Mode, type Scope, zeros } from '@limbeck/nn';

/** Least length of a feature, as PyTorch's `normalize` has it. */
export const shortest = 1e-12;

/** Sizes of LightlyTrain's queue: up to so many training images, so many embeddings; above, the largest. */
const sizes: readonly (readonly [images: number, size: number])[] = [
  [50, 16],
  [100, 32],
  [250, 64],
  [500, 128],
  [1000, 256],
  [2000, 512],
  [4000, 1024],
  [10_000, 2048],
  [20_000, 4096],
];
const largest = 8192;

/**
 * The size of a queue: what is asked for, or a quarter to a half of the training images, at most 8,192, as LightlyTrain has it.
 *
 * @throws LimbeckError PRECONDITION where it would hold every training image
 */
export function queueSize(
  distiller: string,
  asked: number | undefined,
  { total: images, mode }: { readonly total: number; readonly mode: Mode },
): number {
  const size = asked ?? sizes.find(([most]) => images < most)?.[1] ?? largest;
  // what is deployed keeps no queue
  if (size < images || mode === 'eval') return size;
  throw new LimbeckError(
    'PRECONDITION',
    `distiller '${distiller}' keeps ${size} of the teacher's embeddings, but there are ${images} training images`,
    { hint: 'set a smaller queue: queue' },
  );
}

/**
 * Embeddings of this batch and of those before it, the latest first: [size, D]. Kept as a buffer, which begins with zeros.
 *
 * @param embeddings of this batch: [N, D]
 */
export function embeddingQueue(m: Scope, embeddings: Tensor, size: number): Tensor {
  const [batch, width] = embeddings.shape as [number, number];
  // a batch that fills it leaves nothing of those before
  if (batch >= size) return stopGradient(slice(embeddings, { axis: 0, start: 0, end: size }));
  const queue = m.buffer('queue', [size, width], zeros);
  const kept = slice(queue, { axis: 0, start: 0, end: size - batch });
  const next = concat([embeddings, kept], { axis: 0 });
  m.update(queue, next);
  return stopGradient(next);
}

/**
 * KL(teacher || student) of similarities with a queue of the teacher's embeddings, which stand for classes: rows of all three have
 * length 1; mean over rows.
 *
 * @param student embeddings [..., D]
 * @param teacher embeddings of the same shape
 * @param queue [size, D]
 */
export const queueDivergence = (
  student: Tensor,
  teacher: Tensor,
  queue: Tensor,
  temperature: number,
): Tensor =>
  similarityDivergence(
    matmul(student, queue, { transposeB: true }),
    matmul(teacher, queue, { transposeB: true }),
    temperature,
  );

/**
 * KL(teacher || student) of similarities within an image, of each token with all of them; mean over tokens.
 *
 * @param student tokens [N, T, D] of length 1
 * @param teacher tokens [N, T, D'] of length 1
 */
export const relationDivergence = (student: Tensor, teacher: Tensor, temperature: number): Tensor =>
  similarityDivergence(
    matmul(student, student, { transposeB: true }),
    matmul(teacher, teacher, { transposeB: true }),
    temperature,
  );

/** KL of softened rows [..., K], mean over rows. */
function similarityDivergence(student: Tensor, teacher: Tensor, temperature: number): Tensor {
  const [s, t] = [student, teacher].map((rows) => mul(rows, 1 / temperature)) as [Tensor, Tensor];
  const divergence = sum(mul(softmax(t), sub(logSoftmax(t), logSoftmax(s))));
  const rows = s.shape.slice(0, -1).reduce((product, size) => product * size, 1);
  return mul(divergence, 1 / rows);
}

/** Rows [..., D] of length 1. */
export const unit = (x: Tensor): Tensor => l2Normalize(x, { epsilon: shortest });
