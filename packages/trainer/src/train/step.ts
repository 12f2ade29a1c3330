import { type Executable, type Feeds, LimbeckError } from '@limbeck/core';
import type { Batch } from '@limbeck/data';
import { type TensorData, tensorData } from '@limbeck/graph';
import { mostLikely } from '../evaluate/evaluate.js';
import type { StudentPlan } from '../programs/student.js';
import { teacherInput } from '../programs/teacher.js';

/** What one step came to. */
export interface StepResult {
  /** Every term by name, unweighted, and `total`, the weighted sum. */
  readonly losses: Record<string, number>;
  /** Right predictions among the batch. */
  readonly correct: number;
}

/** Name of the weighted sum among a step's losses. */
export const totalLoss = 'total';

/** Runs steps: images go to the teacher, its features and the images to the student. */
export class Stepper {
  readonly #student: Executable;
  readonly #teacher: Executable | undefined;
  readonly #features: readonly string[];
  readonly #terms: readonly string[];
  readonly #imageShape: readonly number[];

  constructor(
    plan: StudentPlan,
    imageShape: readonly number[],
    { student, teacher }: { student: Executable; teacher: Executable | undefined },
  ) {
    this.#student = student;
    this.#teacher = teacher;
    this.#features = plan.features;
    this.#terms = [...plan.weights.keys()];
    this.#imageShape = imageShape;
  }

  /** @param lr learning rate of this step */
  async run({ images, labels }: Batch, lr: number): Promise<StepResult> {
    const image = { dtype: 'float32', shape: [labels.length, ...this.#imageShape], data: images } as const;
    const feeds: Record<string, TensorData> = {
      image,
      labels: { dtype: 'int32', shape: [labels.length], data: labels },
      lr: tensorData('float32', [], Float32Array.of(lr)),
      ...(await this.#featuresOf(image)),
    };
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

  /** The teacher's features go to the student as they are: they stay valid until the teacher's next step but one. */
  async #featuresOf(image: TensorData): Promise<Feeds> {
    if (this.#teacher === undefined) return {};
    const features = await this.#teacher.step({ image });
    return Object.fromEntries(this.#features.map((path) => [teacherInput(path), features[path]!]));
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
