import { z } from 'zod';
import { progressSchema } from '../../run/progress.js';

/** Changes when older readers cannot read what newer ones write. */
export const manifestVersion = 1;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What stands beside a checkpoint's tensors. It is written last: a checkpoint without it is not there. */
export const manifestSchema = z.strictObject({
  version: z.literal(manifestVersion),
  /** Of the project that wrote it. */
  project: z.string(),
  progress: progressSchema,
  /** The tensors' file. */
  tensors: z.strictObject({ sha256, bytes: z.int().nonnegative() }),
  /** Length of `metrics.jsonl` at this moment. */
  metricsBytes: z.int().nonnegative(),
  /** Of those bytes. Absent where an older version wrote it. */
  metricsSha256: sha256.optional(),
  /** What the run's numbers depend on. */
  identity: z.record(z.string(), z.unknown()),
  /** Of the manifest itself without this entry. */
  sha256,
});

/** What a checkpoint says about itself: progress, identity of the run, checksums. */
export type Manifest = z.infer<typeof manifestSchema>;

/** Name of a checkpoint's files, without ending. */
export const checkpointName = (step: number): string => `step-${step}`;

/** The step a manifest's file name stands for; undefined for other files. */
export function stepOf(fileName: string): number | undefined {
  const digits = /^step-(\d{1,15})\.json$/.exec(fileName)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
