import type { Graph, Tensor } from '@limbeck/graph';
import { LimbeckError } from '../errors.js';
import type { NegativeSource, Samples } from './distiller.js';
import type { TargetKind } from './targets.js';

/** A draw of negatives that a step needs. */
export interface NegativesInput {
  readonly count: number;
  readonly from: NegativeSource;
}

/** For whoever builds distillers: the batch's samples as inputs of a graph, which remember what was asked for. */
export class SampleInputs implements Samples {
  /** The input that {@link Samples.index} is. */
  static readonly indexName = 'samples.index';
  readonly total: number;
  readonly #graph: Graph;
  readonly #batch: number;
  readonly #classes: number;
  readonly #targets: TargetKind;
  readonly #mixedBy: string | undefined;
  readonly #negatives = new Map<string, NegativesInput>();

  constructor(
    graph: Graph,
    {
      batch,
      total,
      classes,
      targets = 'index',
      mixedBy,
    }: {
      readonly batch: number;
      readonly total: number;
      readonly classes: number;
      /** Of the training split. Default `index`. */
      readonly targets?: TargetKind;
      /** What mixes the images of samples, as messages call it. Default: nothing does. */
      readonly mixedBy?: string;
    },
  ) {
    this.#graph = graph;
    this.#batch = batch;
    this.#classes = classes;
    this.#targets = targets;
    this.#mixedBy = mixedBy;
    this.total = total;
  }

  get index(): Tensor {
    this.#refuseMixed();
    return this.#graph.input(SampleInputs.indexName, [this.#batch], 'int32');
  }

  /** Every draw asked for, by the name of its input. */
  get asked(): ReadonlyMap<string, NegativesInput> {
    return this.#negatives;
  }

  negatives(count: number, { from }: { readonly from: NegativeSource }): Tensor {
    this.#refuseMixed();
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new LimbeckError('PRECONDITION', `${count} negatives cannot be drawn`, {
        hint: 'ask for a positive whole number of them',
      });
    }
    if (from === 'other-classes' && this.#targets !== 'index') {
      throw new LimbeckError(
        'PRECONDITION',
        `negatives from 'other-classes' need class indices, but the training split has ${this.#targets === 'none' ? 'no' : this.#targets} targets`,
        { hint: "draw them from 'all' samples, or use data with one label each" },
      );
    }
    if (from === 'other-classes' ? this.#classes < 2 : this.total < 2) {
      const found = from === 'other-classes' ? 'there is one class' : 'there is one sample';
      throw new LimbeckError('PRECONDITION', `negatives from '${from}' cannot be drawn: ${found}`, {
        hint: 'contrastive methods need samples to tell apart',
      });
    }
    const name = `samples.negatives.${from}.${count}`;
    this.#negatives.set(name, { count, from });
    return this.#graph.input(name, [this.#batch, count], 'int32');
  }

  /** Of a mixed image, neither its own sample nor others can be told. */
  #refuseMixed(): void {
    if (this.#mixedBy === undefined) return;
    throw new LimbeckError(
      'PRECONDITION',
      `which sample an image is cannot be told: ${this.#mixedBy} mixes the images of several`,
      { hint: 'leave data.batchTransforms out, or use a method that remembers no samples' },
    );
  }
}
