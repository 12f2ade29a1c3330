import { patternNumbers } from '@limbeck/testkit';
import { z } from 'zod';
import { Comparison, type GoldenContext, type Outcome, tolerances } from './outcome.js';

/** One file of metrics. */
export const metricsFile = z.looseObject({
  seed: z.union([z.number(), z.string()]),
  N: z.number(),
  classes: z.number(),
  labels: z.array(z.number()),
});

/** Metrics by the key the file has for them; what has no metric of ours is unknown. */
const known: Readonly<Record<string, string>> = { nll: 'nll', top1: 'top1' };

const described = new Set(['seed', 'N', 'D1', 'D2', 'classes', 'note', 'labels']);

/** Every metric the file has a value for. */
export function* runMetrics(file: z.infer<typeof metricsFile>, { host }: GoldenContext): Generator<Outcome> {
  const numbers = patternNumbers(String(file.seed), 'ece.logits', file.N * file.classes);
  const logits = Float32Array.from(numbers, (u) => 6 * u);
  for (const [key, expected] of Object.entries(file)) {
    if (described.has(key)) continue;
    const id = known[key];
    if (id === undefined) {
      yield { name: `metrics/${key}`, status: 'unknown', detail: `there is no metric '${key}'` };
      continue;
    }
    const comparison = new Comparison(`metrics/${key}`, tolerances.metrics);
    const { contribution, options } = host.use('metrics', id);
    const accumulator = contribution.create(options);
    accumulator.add({ logits, labels: Int32Array.from(file.labels), count: file.N, classes: file.classes });
    comparison.compare(id, accumulator.value(), expected);
    yield comparison.outcome();
  }
}
