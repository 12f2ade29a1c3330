import { LimbeckError, type Targets } from '@limbeck/core';
import type { Feeds } from '@limbeck/core/backend';
import { type TensorData, tensorData } from '@limbeck/graph';
import { mostLikely } from '../analysis/most-likely.js';
import { scheduleInput, weightOutput } from '../programs/objective.js';
import type { StepPlan } from '../programs/student.js';
import { findNotFinite, type NotFinite } from '../run/finite.js';
import type { StepBatch } from './batch-source.js';
import type { FeatureSource } from './feature-source.js';
import type { Rates, StudentStep } from './student-step.js';

/** What one step came to. */
export interface StepResult {
  /** Every term by name, unweighted, and `total`, the weighted sum: means over the step's batches. */
  readonly losses: Record<string, number>;
  /** Weights in this step of the terms whose weights change; empty where none does. */
  readonly weights: Record<string, number>;
  /** Right predictions among all images; undefined in a phase that predicts nothing, and without class indices. */
  readonly correct: number | undefined;
  /** Images of all its batches. */
  readonly samples: number;
  /** The first value of the student's logits that is not finite. */
  readonly badLogits?: NotFinite | undefined;
  /** A feature of a teacher that holds a value which is not finite; looked for where the student's step does. */
  readonly unsound?: UnsoundFeature | undefined;
}

/** A feature that holds a value which is not finite. */
export interface UnsoundFeature {
  /** Name of the teacher; undefined where its source does not tell. */
  readonly teacher: string | undefined;
  /** Input of the student's program. */
  readonly feature: string;
}

/** What a step is run with. */
export interface StepInputs extends Rates {
  /** One batch of the step, counted from 0. */
  readonly batch: (part: number) => Promise<StepBatch>;
  /** Factors of the weights that have a course, by term. */
  readonly factors: ReadonlyMap<string, number>;
}

/** Name of the weighted sum among a step's losses. */
export const totalLoss = 'total';

const scalar = (value: number): TensorData => tensorData('float32', [], Float32Array.of(value));

/** Runs steps: images go to the teachers, their features and the images to the student. */
export class Stepper {
  readonly #plan: StepPlan;
  readonly #student: StudentStep;
  readonly #sources: readonly FeatureSource[];

  constructor(
    plan: StepPlan,
    { student, sources }: { student: StudentStep; sources: readonly FeatureSource[] },
  ) {
    this.#plan = plan;
    this.#student = student;
    this.#sources = sources;
  }

  /** One optimiser step. */
  async run({ batch: draw, factors, ...rates }: StepInputs): Promise<StepResult> {
    const { batches } = this.#plan;
    const results: StepResult[] = [];
    for (let part = 0; part < batches; part++) {
      results.push(await this.#batch(await draw(part), { part, factors, rates }));
    }
    return results.length === 1 ? results[0]! : joined(results);
  }

  async #batch(
    batch: StepBatch,
    { part, factors, rates }: { part: number; factors: StepInputs['factors']; rates: Rates },
  ): Promise<StepResult> {
    const offered: Record<string, TensorData> = { ...batch.feeds };
    for (const [term, factor] of factors) offered[scheduleInput(term)] = scalar(factor);
    // they go to the student as they are
    const given: { teacher: string | undefined; features: Feeds }[] = [];
    for (const source of this.#sources) {
      const features = await source.features(batch);
      given.push({ teacher: source.teacher, features });
      Object.assign(offered, features);
    }
    const { inputs } = this.#student;
    const feeds = Object.fromEntries(Object.entries(offered).filter(([name]) => inputs.has(name)));
    const fetches = await this.#student.batch(feeds, part, rates);
    const losses: Record<string, number> = {};
    const weights: Record<string, number> = {};
    for (const [term, weight] of this.#plan.weights) {
      losses[term] = fetches[`loss.${term}`]!.data[0]!;
      const decided = fetches[weightOutput(term)]?.data[0];
      const factor = factors.get(term);
      if (decided !== undefined) weights[term] = decided;
      else if (factor !== undefined) weights[term] = weight * factor;
    }
    losses[totalLoss] = fetches.loss!.data[0]!;
    const correct = countRight(fetches.logits, batch.targets);
    const { logits } = fetches;
    const badLogits = logits && findNotFinite([['logits', logits]]);
    const isSound =
      badLogits === undefined && [losses, weights].every((of) => Object.values(of).every(Number.isFinite));
    const unsound = isSound ? undefined : unsoundOf(given);
    return { losses, weights, correct, samples: batch.indices.length, badLogits, unsound };
  }
}

/** What the batches of one step come to together. */
function joined(results: readonly StepResult[]): StepResult {
  const [{ losses, weights }] = results as [StepResult];
  const mean = (values: Readonly<Record<string, number>>, of: (one: StepResult) => Record<string, number>) =>
    Object.fromEntries(
      Object.keys(values).map((name) => [
        name,
        results.reduce((sum, one) => sum + of(one)[name]!, 0) / results.length,
      ]),
    );
  const total = (of: (one: StepResult) => number) => results.reduce((sum, one) => sum + of(one), 0);
  const predicts = results.every(({ correct }) => correct !== undefined);
  return {
    losses: mean(losses, (one) => one.losses),
    weights: mean(weights, (one) => one.weights),
    correct: predicts ? total(({ correct }) => correct!) : undefined,
    samples: total(({ samples }) => samples),
    badLogits: results.find(({ badLogits }) => badLogits !== undefined)?.badLogits,
    unsound: results.find(({ unsound }) => unsound !== undefined)?.unsound,
  };
}

function unsoundOf(
  given: readonly { readonly teacher: string | undefined; readonly features: Feeds }[],
): UnsoundFeature | undefined {
  for (const { teacher, features } of given) {
    const bad = findNotFinite(Object.entries(features));
    if (bad !== undefined) return { teacher, feature: bad.name };
  }
  return undefined;
}

function countRight(logits: TensorData | undefined, targets: Targets): number | undefined {
  if (logits === undefined || targets.kind !== 'index') return undefined;
  const { values: labels } = targets;
  const classes = logits.shape[1]!;
  let right = 0;
  for (let row = 0; row < labels.length; row++) {
    if (mostLikely(logits.data as Float32Array, row * classes, classes) === labels[row]) right++;
  }
  return right;
}

/** @throws LimbeckError NON_FINITE naming step, epoch and what went bad: the teacher's feature, the first term, or the logits */
export function refuseNonFinite(
  { losses, weights, badLogits, unsound }: Pick<StepResult, 'losses' | 'weights' | 'badLogits' | 'unsound'>,
  { step, epoch, lr, phase }: { step: number; epoch: number; lr: number; phase?: string },
): void {
  const named = [
    ...Object.entries(losses).map(([term, value]) => ({ term, value, what: `loss '${term}'` })),
    ...Object.entries(weights).map(([term, value]) => ({
      term,
      value,
      what: `the weight of loss '${term}'`,
    })),
  ];
  // the total goes bad with any of its terms, and tells the least
  const bad = named.filter(({ value }) => !Number.isFinite(value));
  const first = bad.find(({ term }) => term !== totalLoss) ?? bad[0];
  const where = phase === undefined ? `epoch ${epoch}` : `epoch ${epoch} of the initial phase of '${phase}'`;
  if (unsound !== undefined) {
    const { teacher, feature } = unsound;
    const whose = teacher === undefined ? 'the teacher' : `teacher '${teacher}'`;
    throw new LimbeckError(
      'NON_FINITE',
      `'${feature}' of ${whose} holds a value that is not finite at step ${step} (${where})`,
      {
        hint: "the student is not at fault: do the teacher's weights and teacher.input fit the data? `limbeck eval` measures it alone",
        details: { teacher, feature, term: first?.term, step, epoch, phase },
      },
    );
  }
  if (first === undefined) {
    if (badLogits === undefined) return;
    throw new LimbeckError(
      'NON_FINITE',
      `the student's logits hold ${badLogits.value} at step ${step} (${where}) with learning rate ${lr}`,
      {
        hint: 'try a lower learning rate or a warm-up; checkpoints before this step are kept',
        details: { step, epoch, lr, phase },
      },
    );
  }
  const { term, value, what } = first;
  throw new LimbeckError(
    'NON_FINITE',
    `${what} is ${value} at step ${step} (${where}) with learning rate ${lr}`,
    {
      hint:
        `try a lower learning rate, a warm-up, or a smaller weight of '${term}'; ` +
        'checkpoints before this step are kept',
      details: {
        term,
        step,
        epoch,
        lr,
        phase,
        losses: { ...losses, [term]: String(value) },
      },
    },
  );
}
