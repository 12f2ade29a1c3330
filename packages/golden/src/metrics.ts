import type { Use } from '@limbeck/core';
import { createLinearCka } from '@limbeck/core';
import { patternNumbers } from '@limbeck/testkit';
import { z } from 'zod';
import { Comparison, type GoldenContext, type Outcome, tolerances } from './outcome.js';

/** One file of metrics. */
export const metricsFile = z.looseObject({
  seed: z.union([z.number(), z.string()]),
  N: z.number(),
  classes: z.number(),
  labels: z.array(z.number()),
  /** Widths of the two representations that are likened. */
  D1: z.number().optional(),
  D2: z.number().optional(),
});

/** Metrics by the key the file has for them; what has no metric of ours is unknown. */
const known: Readonly<Record<string, Use>> = {
  nll: 'nll',
  top1: 'top1',
  ece15: { use: 'ece', bins: 15 },
};

const described = new Set(['seed', 'N', 'D1', 'D2', 'classes', 'note', 'labels']);

/** Every metric the file has a value for. */
export function* runMetrics(file: z.infer<typeof metricsFile>, { host }: GoldenContext): Generator<Outcome> {
  const numbers = patternNumbers(String(file.seed), 'ece.logits', file.N * file.classes);
  const logits = Float32Array.from(numbers, (u) => 6 * u);
  for (const [key, expected] of Object.entries(file)) {
    if (described.has(key)) continue;
    if (key === 'linearCKA') {
      yield runCka(file, expected);
      continue;
    }
    const use = known[key];
    if (use === undefined) {
      yield { name: `metrics/${key}`, status: 'unknown', detail: `there is no metric '${key}'` };
      continue;
    }
    const comparison = new Comparison(`metrics/${key}`, tolerances.metrics);
    const { contribution, options } = host.use('metrics', use);
    const accumulator = contribution.create(options, {});
    const targets = { kind: 'index', values: Int32Array.from(file.labels) } as const;
    accumulator.add({ logits, targets, count: file.N, classes: file.classes, features: {} });
    comparison.compare(contribution.id, accumulator.value(), expected);
    yield comparison.outcome();
  }
}

/** The second representation is a pattern of its own plus half of the first one's first column. */
function runCka({ seed, N, D1 = 0, D2 = 0 }: z.infer<typeof metricsFile>, expected: unknown): Outcome {
  const x = patternNumbers(String(seed), 'cka.x', N * D1);
  const own = patternNumbers(String(seed), 'cka.y', N * D2);
  const y = Float64Array.from(own, (value, i) => value + 0.5 * x[Math.floor(i / D2) * D1]!);
  const cka = createLinearCka([D1, D2]);
  cka.add(x, y, N);
  const comparison = new Comparison('metrics/linearCKA', tolerances.metrics);
  comparison.compare('linear CKA', cka.value(), expected);
  return comparison.outcome();
}
