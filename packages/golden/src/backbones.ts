import { compareBackboneStructure, compareBackboneValues } from '@limbeck/testkit';
import { z } from 'zod';
import { Comparison, type GoldenContext, knows, type Outcome, tolerances } from './outcome.js';

const tensor = z.looseObject({ shape: z.array(z.number()) });

/** One file of backbones. */
export const backbonesFile = z.object({
  seed: z.union([z.number(), z.string()]),
  models: z.record(
    z.string(),
    z.object({
      params: z.number(),
      stateDict: z.array(z.tuple([z.string(), z.array(z.number())])),
      input: z.tuple([z.number(), z.number(), z.number(), z.number()]),
      eval: z.object({
        feats: z.array(tensor),
        preactFeats: z.array(tensor).optional(),
        embedding: tensor.optional(),
        logits: tensor,
      }),
      train: z.object({ logits: tensor, lastRunningStats: z.record(z.string(), tensor) }).optional(),
    }),
  ),
});

/** Parameter count, state-dict names and shapes, every tap, logits and running statistics of each backbone. */
export async function* runBackbones(
  file: z.infer<typeof backbonesFile>,
  context: GoldenContext,
): AsyncGenerator<Outcome> {
  for (const [id, model] of Object.entries(file.models)) {
    const name = `backbones/${id}`;
    if (!knows(context.host, 'backbones', id)) {
      yield { name, status: 'unknown', detail: `there is no backbone '${id}'` };
      continue;
    }
    const { contribution: backbone, options } = context.host.use('backbones', id);
    const settings = { seed: String(file.seed), backend: context.backend, options };
    const comparison = new Comparison(name, tolerances.backbones);
    for (const { quantity, relative, message } of [
      ...compareBackboneStructure(backbone, model, settings),
      ...(await compareBackboneValues(backbone, model, settings)),
    ]) {
      comparison.note(quantity, relative, message);
    }
    yield comparison.outcome();
  }
}
