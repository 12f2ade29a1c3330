import {
  Graph,
  leafName,
  type Program,
  program,
  type StateDict,
  type Tensor,
  type TensorData,
} from '@limbeck/graph';
import { parameterRule, patternFill } from '@limbeck/testkit';
import { type TracedModel, traceModel } from '@limbeck/trainer';
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

type Model = z.infer<typeof backbonesFile>['models'][string];

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
    const comparison = new Comparison(name, tolerances.backbones);
    await compareModel(comparison, id, model, String(file.seed), context);
    yield comparison.outcome();
  }
}

async function compareModel(
  comparison: Comparison,
  id: string,
  model: Model,
  seed: string,
  { backend, host }: GoldenContext,
): Promise<void> {
  const classes = model.eval.logits.shape[1]!;
  const trace = (mode: 'train' | 'eval') => {
    const graph = new Graph();
    const { contribution: backbone, options } = host.use('backbones', id);
    const choice = { backbone, options };
    return traceModel(graph, choice, { prefix: '', mode, image: graph.input('image', model.input), classes });
  };
  const image = patternFill(seed, 'input', model.input);
  const run = async (target: Program) => {
    const executable = await backend.compile(target, { state: patternState(target, seed) });
    const outputs = await executable.step({ image });
    const state = await executable.readState();
    await executable.dispose();
    return { outputs, state };
  };

  const evaluated = trace('eval');
  const variables = [...evaluated.trace.variables.values()];
  const count = variables.reduce(
    (n, { kind, tensor: { shape } }) => n + (kind === 'parameter' ? shape.reduce((a, b) => a * b, 1) : 0),
    0,
  );
  comparison.same('params', count, model.params);
  comparison.same(
    'stateDict',
    variables.map((v) => [v.name, v.tensor.shape]),
    model.stateDict,
  );

  const wanted = expectedTaps(model, evaluated);
  const { outputs } = await run(
    program({ name: id, outputs: new Map(wanted.map(({ path, node }) => [path, node])) }),
  );
  for (const { path, expected } of wanted) comparison.compare(`eval ${path}`, outputs[path], expected);

  if (model.train === undefined) return;
  const trained = trace('train');
  const step = program({ name: id, outputs: { logits: trained.logits }, updates: trained.trace.updates });
  const result = await run(step);
  comparison.compare('train logits', result.outputs.logits, model.train.logits);
  for (const [buffer, expected] of Object.entries(model.train.lastRunningStats)) {
    comparison.compare(`train ${buffer}`, result.state.get(buffer), expected);
  }
}

/** Our taps for the published feature lists: stem, the stages, the pooled embedding; with and without the last ReLU. */
function expectedTaps(
  model: Model,
  traced: TracedModel,
): { path: string; node: Tensor; expected: unknown }[] {
  const { feats, preactFeats = [], embedding, logits } = model.eval;
  const last = feats.length - 1;
  const named = (i: number) => (i === 0 ? 'stem' : i === last ? 'embedding' : `stage${i}`);
  const found = new Map<string, { path: string; node: Tensor; expected: unknown }>();
  const want = (path: string, expected: unknown) =>
    found.set(path, { path, node: traced.tap(path), expected });
  for (const [i, expected] of feats.entries()) want(named(i), expected);
  for (const [i, expected] of preactFeats.entries()) {
    const path = `${named(i)}.preact`;
    if (traced.taps.includes(path)) want(path, expected);
  }
  if (embedding !== undefined) want('embedding', embedding);
  want('logits', logits);
  return [...found.values()];
}

/** The pattern's values for every parameter and buffer of a program without prefixes. */
function patternState(target: Program, seed: string): StateDict {
  return new Map<string, TensorData>(
    target.state.map(({ current }) => {
      const name = leafName(current);
      return [name, patternFill(seed, name, current.shape, parameterRule(name, current.shape))];
    }),
  );
}
