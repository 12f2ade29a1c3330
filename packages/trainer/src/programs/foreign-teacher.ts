import { didYouMean, LimbeckError } from '@limbeck/core';
import type { Tensor } from '@limbeck/graph';
import type { ForeignModel } from '../run/foreign-model.js';
import type { FeatureShape, TeacherModel } from './teacher-model.js';

/** A model from a file, to planning. */
export class ForeignTeacher implements TeacherModel {
  readonly variables = new Map<string, never>();
  readonly #model: ForeignModel;
  readonly #batch: number;

  /** @param batch images a step */
  constructor(model: ForeignModel, batch: number) {
    this.#model = model;
    this.#batch = batch;
  }

  get id(): string {
    return this.#model.id;
  }

  get taps(): readonly string[] {
    return [...this.#model.features.keys()];
  }

  feature(path: string): FeatureShape {
    const feature = this.#model.features.get(path);
    if (feature !== undefined) return { dtype: 'float32', shape: [this.#batch, ...feature.shape] };
    const { taps } = this;
    const { noLogits } = this.#model;
    if (path === 'logits' && noLogits !== undefined) {
      throw new LimbeckError('PRECONDITION', `teacher '${this.id}' has no logits: ${noLogits}`, {
        hint: `choose a method that compares features (${taps.join(', ')}), or name the tensor of its logits: teacher.logits`,
        details: { model: this.id, taps },
      });
    }
    throw new LimbeckError('UNKNOWN_TAP', `teacher '${this.id}' has no tap '${path}'`, {
      hint: `${didYouMean(path, taps) ?? `there are: ${taps.join(', ')}`}; teacher.taps gives names to tensors of the file`,
      details: { model: this.id, tap: path, taps },
    });
  }

  classify(): Tensor {
    throw new LimbeckError(
      'PRECONDITION',
      `nobody knows which part of teacher '${this.id}' is its classifier`,
      {
        hint: 'a method that uses the classifier of its teacher needs a backbone: teacher.use with teacher.weights',
        details: { model: this.id },
      },
    );
  }
}
