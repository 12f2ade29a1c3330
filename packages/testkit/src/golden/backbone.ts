import type { Backbone } from '@limbeck/core';
import type { ComputeBackend } from '@limbeck/core/backend';
import { leafName, type Program, program, type StateDict, type TensorData } from '@limbeck/graph';
import { parameterCount, traceBackbone } from '../backbones/trace.js';
import { compareGolden, type GoldenDeviation, parseGoldenValue } from './compare.js';
import { parameterRule, patternFill } from './pattern.js';

/** One model of a golden file of backbones. */
export interface GoldenBackbone {
  readonly params: number;
  /** Names and shapes in the published order. */
  readonly stateDict: readonly (readonly [name: string, shape: readonly number[]])[];
  /** Shape of the batch [N, C, H, W]. */
  readonly input: readonly number[];
  readonly eval: {
    /** Stem, stages, pooled embedding. */
    readonly feats: readonly unknown[];
    /** The same, the stages before their last activation. */
    readonly preactFeats?: readonly unknown[] | undefined;
    readonly embedding?: unknown;
    readonly logits: { readonly shape: readonly number[] };
  };
  readonly train?:
    | { readonly logits: unknown; readonly lastRunningStats: Readonly<Record<string, unknown>> }
    | undefined;
}

/** How far one quantity of a model is from its golden value: `params`, `stateDict`, `eval stage1.preact`, `train logits`. */
export interface BackboneDeviation extends GoldenDeviation {
  readonly quantity: string;
}

/**
 * Parameter count, state-dict names and shapes in order, shapes of the taps. Nothing is computed, so that the largest
 * network takes no longer than the smallest.
 */
export function compareBackboneStructure<Options = unknown>(
  backbone: Backbone<Options>,
  model: GoldenBackbone,
  { options }: { options?: Options } = {},
): BackboneDeviation[] {
  const traced = traceBackbone(backbone, { ...batchOf(model), options });
  const stateDict = [...traced.trace.variables.values()].map(({ name, tensor }) => [name, tensor.shape]);
  return [
    equality('params', parameterCount(traced), model.params),
    equality('stateDict', stateDict, model.stateDict),
    ...publishedTaps(model).map(([tap, expected]) => {
      const value = parseGoldenValue(expected, tap);
      return equality(tap, traced.taps.get(tap)?.shape, typeof value === 'number' ? [] : value.shape);
    }),
  ];
}

/**
 * Taps and logits in evaluation; logits and the last running statistics in training. Image and weights are patterns of
 * the seed. Taps the backbone lacks are left to {@link compareBackboneStructure}.
 */
export async function compareBackboneValues<Options = unknown>(
  backbone: Backbone<Options>,
  model: GoldenBackbone,
  { seed, backend, options }: { seed: string; backend: ComputeBackend; options?: Options },
): Promise<BackboneDeviation[]> {
  const batch = { ...batchOf(model), options };
  const run = async (target: Program) => {
    const executable = await backend.compile(target, { state: patternState(target, seed) });
    const outputs = await executable.step({ image: patternFill(seed, 'input', model.input) });
    const state = await executable.readState();
    await executable.dispose();
    return { outputs, state };
  };

  const { taps } = traceBackbone(backbone, batch);
  const wanted = publishedTaps(model).filter(([tap]) => taps.has(tap));
  const evaluated = await run(
    program({ name: backbone.id, outputs: new Map(wanted.map(([tap]) => [tap, taps.get(tap)!])) }),
  );
  const evaluation = wanted.map(([tap, expected]) =>
    deviation(`eval ${tap}`, evaluated.outputs[tap], expected),
  );
  if (model.train === undefined) return evaluation;

  const { logits, trace } = traceBackbone(backbone, { ...batch, mode: 'train' });
  const trained = await run(program({ name: backbone.id, outputs: { logits }, updates: trace.updates }));
  const statistics = Object.entries(model.train.lastRunningStats);
  return [
    ...evaluation,
    deviation('train logits', trained.outputs.logits, model.train.logits),
    ...statistics.map(([name, expected]) => deviation(`train ${name}`, trained.state.get(name), expected)),
  ];
}

const batchOf = ({ input, eval: { logits } }: GoldenBackbone) => ({
  image: input,
  classes: logits.shape[1]!,
});

/** Our taps for the published feature lists: stem, stages with and without their last activation, embedding, logits. */
function publishedTaps({ eval: expected }: GoldenBackbone): (readonly [tap: string, expected: unknown])[] {
  const { feats, preactFeats = [], logits } = expected;
  const last = feats.length - 1;
  const named = (i: number) => (i === 0 ? 'stem' : i === last ? 'embedding' : `stage${i}`);
  return [
    ...feats.map((feat, i) => [named(i), feat] as const),
    ...preactFeats.slice(1, last).map((feat, i) => [`stage${i + 1}.preact`, feat] as const),
    ['logits', logits],
  ];
}

function deviation(quantity: string, actual: TensorData | undefined, expected: unknown): BackboneDeviation {
  if (actual === undefined) return equality(quantity, 'missing', 'there');
  return { quantity, ...compareGolden(actual, parseGoldenValue(expected, quantity)) };
}

/** A comparison of things that must be equal, such as names and shapes. */
function equality(quantity: string, actual: unknown, expected: unknown): BackboneDeviation {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  return left === right
    ? { quantity, relative: 0, where: '', message: 'equal' }
    : {
        quantity,
        relative: Number.POSITIVE_INFINITY,
        where: 'value',
        message: `is ${left}, expected ${right}`,
      };
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
