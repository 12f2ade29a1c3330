import { defaultTeacherName } from '@limbeck/core';
import { z } from 'zod';

const count = z.int().nonnegative();
const values = z.record(z.string(), z.number());

const fidelity = z.strictObject({
  samples: count,
  agreement: z.number(),
  cosine: z.record(z.string(), z.strictObject({ mean: z.number(), worst: z.number() })),
  kl1: z.number(),
  kl4: z.number(),
});

/** How far a run is. Together with the program's state it decides everything that follows. */
const current = z.strictObject({
  /** Epochs done. */
  epoch: count,
  /** Steps done in the epoch that runs; all of them while its evaluation is outstanding. */
  stepInEpoch: count,
  /** Steps done in the run. */
  step: count,
  /** What the running epoch adds up to. */
  sums: z.strictObject({
    /** Of every loss term over the epoch's steps. */
    losses: values,
    correct: count,
    samples: count,
  }),
  /** Metrics of the latest evaluation. */
  last: values.optional(),
  /** The evaluation with the best first metric. */
  best: z.strictObject({ epoch: count, step: count, values }).optional(),
  /** Early stopping: the value to beat and how many evaluations have not. */
  patience: z.strictObject({ reference: z.number(), evaluations: count }).optional(),
  /** Why the run stops before its last epoch. */
  stopped: z.string().optional(),
  /** What is known of each teacher, by name. */
  teachers: z.record(
    z.string(),
    z.strictObject({
      /** On the test split. */
      metrics: values.optional(),
      /** In int8 against itself in float32. */
      fidelity: fidelity.optional(),
    }),
  ),
  /** Time spent so far. */
  seconds: z.number().nonnegative(),
});

/** As checkpoints hold it: those of versions that knew one teacher are read too. */
export const progressSchema = z.preprocess((value) => {
  if (typeof value !== 'object' || value === null || 'teachers' in value) return value;
  const { teacher: metrics, fidelity: likeness, ...rest } = value as Record<string, unknown>;
  const known = { ...(metrics ? { metrics } : {}), ...(likeness ? { fidelity: likeness } : {}) };
  return { ...rest, teachers: Object.keys(known).length === 0 ? {} : { [defaultTeacherName]: known } };
}, current);

export type Progress = z.infer<typeof current>;

export const startOfRun = (): Progress => ({
  epoch: 0,
  stepInEpoch: 0,
  step: 0,
  sums: emptySums(),
  teachers: {},
  seconds: 0,
});

export const emptySums = (): Progress['sums'] => ({ losses: {}, correct: 0, samples: 0 });

/** Means over the part of the epoch that is done. */
export function meansOf({ sums, stepInEpoch }: Progress): {
  losses: Record<string, number>;
  accuracy: number;
} {
  const means = Object.entries(sums.losses).map(([name, sum]) => [name, sum / stepInEpoch]);
  return { losses: Object.fromEntries(means), accuracy: sums.correct / sums.samples };
}
