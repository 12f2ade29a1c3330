import { type Executable, LimbeckError } from '@limbeck/core';
import type { Batch } from '@limbeck/data';
import { type TensorData, tensorData } from '@limbeck/graph';
import { mostLikely } from '../evaluate/evaluate.js';
import type { StudentPlan } from '../programs/student.js';
import type { FeatureSource } from '../teachers/feature-source.js';

/** What one step came to. */
export interface StepResult {
  /** Every term by name, unweighted, and `total`, the weighted sum. */
  readonly losses: Record<string, number>;
  /** Right predictions among the batch. */
  readonly correct: number;
}

/** Name of the weighted sum among a step's losses. */
export const totalLoss = 'total';

/** Runs steps: images go to the teachers, their features and the images to the student. */
export class Stepper {
  readonly #student: Executable;
  readonly #sources: readonly FeatureSource[];
  readonly #terms: readonly string[];
  readonly #imageShape: readonly number[];

  constructor(
    plan: StudentPlan,
    imageShape: readonly number[],
    { student, sources }: { student: Executable; sources: readonly FeatureSource[] },
  ) {
    this.#student = student;
    this.#sources = sources;
    this.#terms = [...plan.weights.keys()];
    this.#imageShape = imageShape;
  }

  /**
   * @param epoch counts from 0
   * @param lr learning rate of this step
   */
  async run({ images, labels, indices }: Batch, epoch: number, lr: number): Promise<StepResult> {
    const image = { dtype: 'float32', shape: [labels.length, ...this.#imageShape], data: images } as const;
    const feeds: Record<string, TensorData> = {
      image,
      labels: { dtype: 'int32', shape: [labels.length], data: labels },
      lr: tensorData('float32', [], Float32Array.of(lr)),
    };
    // they go to the student as they are
    for (const source of this.#sources) {
      Object.assign(feeds, await source.features({ images: { image }, indices, epoch }));
    }
    const fetches = await this.#student.step(feeds);
    const losses: Record<string, number> = {};
    for (const term of this.#terms) losses[term] = fetches[`loss.${term}`]!.data[0]!;
    losses[totalLoss] = fetches.loss!.data[0]!;
    const logits = fetches.logits!;
    const classes = logits.shape[1]!;
    let correct = 0;
    for (let row = 0; row < labels.length; row++) {
      const predicted = mostLikely(logits.data as Float32Array, row * classes, classes);
      if (predicted === labels[row]) correct++;
    }
    return { losses, correct };
  }
}

/** @throws LimbeckError NON_FINITE naming step, epoch and the first term that went bad */
export function refuseNonFiniteLosses(
  losses: StepResult['losses'],
  { step, epoch, lr }: { step: number; epoch: number; lr: number },
): void {
  const bad = Object.entries(losses).find(([, value]) => !Number.isFinite(value));
  if (bad === undefined) return;
  const [term, value] = bad;
  throw new LimbeckError(
    'NON_FINITE',
    `loss '${term}' is ${value} at step ${step} (epoch ${epoch}) with learning rate ${lr}`,
    {
      hint:
        `try a lower learning rate, a warm-up, or a smaller weight of '${term}'; ` +
        'checkpoints before this step are kept',
      details: { term, step, epoch, lr, losses: { ...losses, [term]: String(value) } },
    },
  );
}
