import type { Samples } from '@limbeck/core';
import {
  add,
  div,
  equal,
  exp,
  gather,
  l2Normalize,
  matmul,
  mean,
  mul,
  reshape,
  scatterAdd,
  stopGradient,
  sub,
  type Tensor,
  tensorData,
  where,
} from '@limbeck/graph';
import { type Scope, uniform, zeros } from '@limbeck/nn';

/** Least length of a row that is brought to length 1. */
const epsilon = 1e-6;

/** An embedding of every training sample as a model last saw it: [total, D], kept from step to step. */
export class Memory {
  readonly #m: Scope;
  readonly #bank: Tensor;
  readonly #samples: Samples;

  /** @param m the memory's own place */
  constructor(m: Scope, samples: Samples, dimensions: number) {
    this.#m = m;
    this.#samples = samples;
    // rows of length 1 in the mean
    this.#bank = m.buffer('bank', [samples.total, dimensions], uniform(Math.sqrt(3 / dimensions)));
  }

  /**
   * exp(similarity / temperature) of each anchor with the remembered embeddings of chosen samples, over a constant that
   * the first batch decides: the mean score there times the number of samples.
   *
   * All similarities are one matrix product, of which the chosen are picked: far cheaper than gathering an embedding for
   * each of them.
   *
   * @param anchors [N, D], rows of length 1
   * @param chosen [N, K], int32
   * @returns [N, K]
   */
  scores(anchors: Tensor, chosen: Tensor, temperature: number): Tensor {
    const { total } = this.#samples;
    const batch = anchors.shape[0]!;
    const similarities = matmul(anchors, this.#bank, { transposeB: true });
    const firsts = Int32Array.from({ length: batch }, (_, row) => row * total);
    const places = add(chosen, anchors.graph.constant(tensorData('int32', [batch, 1], firsts)));
    const raw = exp(mul(gather(reshape(similarities, [batch * total]), places), 1 / temperature));
    const kept = this.#m.buffer('normalizer', [1], zeros);
    const first = mul(reshape(stopGradient(mean(raw)), [1]), total);
    const normalizer = where(equal(kept, 0), first, kept);
    if (this.#m.mode === 'train') this.#m.update(kept, normalizer);
    return div(raw, normalizer);
  }

  /** Moves what is remembered of the batch's samples towards their embeddings [N, D], rows staying of length 1. */
  remember(embeddings: Tensor, momentum: number): void {
    if (this.#m.mode !== 'train') return;
    const { index, total } = this.#samples;
    const before = gather(this.#bank, index);
    const moved = add(mul(before, momentum), mul(stopGradient(embeddings), 1 - momentum));
    const change = sub(l2Normalize(moved, { epsilon }), before);
    this.#m.update(this.#bank, add(this.#bank, scatterAdd(change, index, { axis: 0, size: total })));
  }
}
