import { z } from 'zod';

const value = z.union([z.number(), z.looseObject({ shape: z.array(z.number()) })]);
const map = z.tuple([z.number(), z.number(), z.number()]);

/** One file of losses. */
export const lossesFile = z.object({
  seed: z.union([z.number(), z.string()]),
  batch: z.number(),
  classes: z.number(),
  studentWidth: z.number(),
  teacherWidth: z.number(),
  studentMap: map,
  teacherMap: map,
  labels: z.array(z.number()),
  cases: z.record(
    z.string(),
    z.looseObject({
      note: z.string().optional(),
      loss: z.number(),
      grads: z.record(z.string(), value),
      projected: value.optional(),
      prediction: value.optional(),
      meanCosine: z.number().optional(),
    }),
  ),
});

export type LossesFile = z.infer<typeof lossesFile>;
