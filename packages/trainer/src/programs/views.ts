import { type Augmentation, LimbeckError, type ViewOptions } from '@limbeck/core';
import type { Trace } from '@limbeck/nn';
import type { Chosen, Parts } from '../run/choices.js';
import type { TracedModel } from './traced-model.js';

/** Input of the student's program that belongs to a view of the batch: `view.strong.image`. */
export const viewInput = (view: string, name: string): string => `view.${view}.${name}`;

/** How a view is drawn. */
export interface ViewPlan {
  /** Changes after the run's own. */
  // biome-ignore lint/suspicious/noExplicitAny: every augmentation brings an option type of its own
  readonly augment: readonly Chosen<Augmentation<any>>[];
}

/** The views of the batch that distillers ask for, with the student traced over each of them once. */
export class Views {
  readonly #asked = new Map<string, ViewPlan & { readonly place: string; readonly model: TracedModel }>();
  readonly #parts: Parts;
  readonly #first: Trace;
  readonly #trace: (view: string, after: Trace) => TracedModel;

  /**
   * @param first the student's pass over the batch itself
   * @param trace traces the student over a view's images, its running statistics following those of `after`
   */
  constructor(parts: Parts, first: Trace, trace: (view: string, after: Trace) => TracedModel) {
    this.#parts = parts;
    this.#first = first;
    this.#trace = trace;
  }

  /** In the order they were asked for first. */
  get asked(): ReadonlyMap<string, ViewPlan> {
    return this.#asked;
  }

  /** Every pass of the student, that over the batch first. */
  get traces(): readonly Trace[] {
    return [this.#first, ...[...this.#asked.values()].map(({ model }) => model.trace)];
  }

  /**
   * The student over a view.
   *
   * @param place the distiller that asks
   */
  student(place: string, name: string, { augment }: ViewOptions): TracedModel {
    if (!/^[A-Za-z][\w-]*$/.test(name)) {
      throw new LimbeckError('PRECONDITION', `distiller '${place}' asks for a view called '${name}'`, {
        hint: 'call it by letters, digits and dashes, a letter first',
      });
    }
    const chosen = augment.map((use) => this.#parts.use('augmentations', use));
    const known = this.#asked.get(name);
    if (known === undefined) {
      const model = this.#trace(name, this.traces.at(-1)!);
      this.#asked.set(name, { augment: chosen, place, model });
      return model;
    }
    const [theirs, ours] = [describe(known.augment), describe(chosen)];
    if (theirs === ours) return known.model;
    throw new LimbeckError(
      'PRECONDITION',
      `distillers '${known.place}' and '${place}' contradict each other about view '${name}': ${theirs} and ${ours}`,
      { hint: 'give them the same augmentations, or views of different names' },
    );
  }
}

const describe = (augment: ViewPlan['augment']): string =>
  JSON.stringify(
    augment.map(({ contribution, options }) => ({ use: contribution.id, ...(options as object) })),
  );
