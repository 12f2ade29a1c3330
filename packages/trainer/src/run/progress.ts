import { defaultTeacherName } from '@limbeck/core/host';
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
  /** Phases done: as many as there are initial ones while the main phase runs. */
  phase: count,
  /** Epochs done of the phase that runs. */
  epoch: count,
  /** Steps done in the epoch that runs; all of them while its evaluation is outstanding. */
  stepInEpoch: count,
  /** Steps done in the run. */
  step: count,
  /** What the running epoch adds up to. */
  sums: z.strictObject({
    /** Of every loss term over the epoch's steps. */
    losses: values,
    /** Of the weights that change, likewise. */
    weights: values,
    correct: count,
    samples: count,
  }),
  /** Metrics of the latest evaluation. */
  last: values.optional(),
  /** The evaluation with the best first metric. */
  best: z.strictObject({ epoch: count, step: count, values }).optional(),
  /** Early stopping: the value to beat and the epoch that reached it. */
  patience: z.strictObject({ reference: z.number(), epoch: count }).optional(),
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
  /** True once what distillers have to know before training is part of the state. */
  prepared: z.boolean().optional(),
  /** Time spent so far. */
  seconds: z.number().nonnegative(),
});

/** As checkpoints hold it: those of versions that knew one teacher and one phase are read too. */
export const progressSchema = z.preprocess((value) => {
  if (!isRecord(value)) return value;
  const { teacher: metrics, fidelity: likeness, ...rest } = value;
  const known = { ...(metrics ? { metrics } : {}), ...(likeness ? { fidelity: likeness } : {}) };
  const teachers = Object.keys(known).length === 0 ? {} : { [defaultTeacherName]: known };
  const sums = isRecord(value.sums) ? { weights: {}, ...value.sums } : value.sums;
  const whole = { phase: 0, ...('teachers' in value ? value : { ...rest, teachers }), sums };
  return isRecord(value.patience) ? { ...whole, patience: inEpochs(value.patience, value.epoch) } : whole;
}, current);

/** Versions before counted evaluations, of which there is one an epoch unless a run says otherwise. */
function inEpochs(
  { evaluations, ...rest }: Record<string, unknown>,
  epoch: unknown,
): Record<string, unknown> {
  if (typeof evaluations !== 'number') return rest;
  return { epoch: Math.max(0, Number(epoch) - evaluations), ...rest };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** How far a run is; stored in every checkpoint. */
export type Progress = z.infer<typeof current>;

export const startOfRun = (): Progress => ({
  phase: 0,
  epoch: 0,
  stepInEpoch: 0,
  step: 0,
  sums: emptySums(),
  teachers: {},
  seconds: 0,
});

export const emptySums = (): Progress['sums'] => ({ losses: {}, weights: {}, correct: 0, samples: 0 });

/** Means over the part of the epoch that is done; no accuracy where nothing was predicted. */
export function meansOf({ sums, stepInEpoch }: Progress): {
  losses: Record<string, number>;
  weights?: Record<string, number>;
  accuracy?: number;
} {
  const means = (all: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(all).map(([name, sum]) => [name, sum / stepInEpoch]));
  return {
    losses: means(sums.losses),
    ...weightsOf(means(sums.weights)),
    ...accuracyOf(sums),
  };
}

/** For events: weights that change, where there are any. */
export const weightsOf = (weights: Record<string, number>): { weights?: Record<string, number> } =>
  Object.keys(weights).length === 0 ? {} : { weights };

/** For events: the share of right predictions so far, where anything was predicted. */
export const accuracyOf = ({ correct, samples }: Progress['sums']): { accuracy?: number } =>
  samples === 0 ? {} : { accuracy: correct / samples };
