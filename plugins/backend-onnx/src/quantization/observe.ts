import type { Calibration, Feeds } from '@limbeck/core';
import { LimbeckError } from '@limbeck/core';
import { attr, encodeOnnx, type OnnxModel, type OnnxNode } from '@limbeck/formats';
import type { InferenceSession } from 'onnxruntime-node';
import { messageOf, type Runtime } from '../runtime.js';
import { openSession, type SessionSettings } from '../session.js';
import { wrap } from '../tensors.js';
import { Histogram } from './histogram.js';
import type { Range } from './levels.js';

export interface ObserveOptions {
  readonly runtime: Runtime;
  readonly session: SessionSettings;
  readonly calibration: Calibration;
  /** Refuses inputs that do not fit. */
  readonly check: (feeds: Feeds) => void;
  /** Name of the model's input for a name of the program's. */
  readonly inputName: (name: string) => string;
}

/**
 * Runs a float model over calibration batches and gives the range of values.
 *
 * @throws LimbeckError PRECONDITION where there is no batch, NON_FINITE naming the value that is not a number
 */
export async function observe(
  model: OnnxModel,
  values: readonly string[],
  options: ObserveOptions,
): Promise<ReadonlyMap<string, Range>> {
  const { method = 'min-max', percentile = 99.99 } = options.calibration;
  const ranges = await extremes(model, values, options);
  if (method === 'min-max') return ranges;
  if (method === 'entropy') {
    const histograms = await count(model, ranges, { zeros: false }, options);
    return new Map([...histograms].map(([value, histogram]) => [value, histogram.mostTelling()]));
  }
  if (!(percentile > 50 && percentile <= 100)) {
    throw new LimbeckError('CONFIG_INVALID', `the percentile of the calibration is ${percentile}`, {
      hint: 'give a number above 50, up to 100, such as 99.99',
    });
  }
  const rare = (100 - percentile) / 200;
  const histograms = await count(model, ranges, { zeros: true }, options);
  return new Map([...histograms].map(([value, histogram]) => [value, histogram.within(rare)]));
}

/** Smallest and largest value, found by the model itself, so that no map leaves it. */
async function extremes(
  model: OnnxModel,
  values: readonly string[],
  options: ObserveOptions,
): Promise<Map<string, Range>> {
  const reduce = (opType: string, value: string): OnnxNode => ({
    opType,
    name: `${value}/${opType}`,
    inputs: [value],
    outputs: [`${value}/${opType}`],
    attributes: { keepdims: attr.int(0) },
  });
  // the runtime begins with what stands last: from the first value on, each can be let go before the next is computed
  const reductions = values
    .flatMap((value) => [reduce('ReduceMin', value), reduce('ReduceMax', value)])
    .reverse();
  const observed = {
    ...model,
    graph: {
      ...model.graph,
      nodes: [...model.graph.nodes, ...reductions],
      outputs: reductions.map(({ name }) => ({ name, dtype: 'float32', shape: [] }) as const),
    },
  };
  const ranges = new Map(values.map((value) => [value, { min: Infinity, max: -Infinity }]));
  await runAll(observed, options, (results) => {
    for (const [value, { min, max }] of ranges) {
      const [least, most] = ['ReduceMin', 'ReduceMax'].map(
        (opType) => results[`${value}/${opType}`]!.data[0] as number,
      ) as [number, number];
      if (!Number.isFinite(least) || !Number.isFinite(most)) throw nonFinite(model.graph.name, value);
      ranges.set(value, { min: Math.min(min, least), max: Math.max(max, most) });
    }
  });
  return ranges;
}

/** How often values occur in ranges that are known. */
async function count(
  model: OnnxModel,
  ranges: ReadonlyMap<string, Range>,
  what: { readonly zeros: boolean },
  options: ObserveOptions,
): Promise<ReadonlyMap<string, Histogram>> {
  const histograms = new Map([...ranges].map(([value, range]) => [value, new Histogram(range, what)]));
  // the runtime gives no input back as it is
  const inputs = new Set(model.graph.inputs.map(({ name }) => name));
  const copies = [...ranges.keys()]
    .filter((name) => inputs.has(name))
    .map(
      (name): OnnxNode => ({
        opType: 'Identity',
        name: `${name}/copy`,
        inputs: [name],
        outputs: [`${name}/copy`],
        attributes: {},
      }),
    );
  const outputOf = (name: string) => (inputs.has(name) ? `${name}/copy` : name);
  const outputs = [...ranges.keys()].map((name) => ({ name: outputOf(name), dtype: 'float32' }) as const);
  const nodes = [...model.graph.nodes, ...copies];
  await runAll({ ...model, graph: { ...model.graph, nodes, outputs } }, options, (results) => {
    for (const [value, histogram] of histograms) {
      histogram.add(results[outputOf(value)]!.data as Float32Array);
    }
  });
  return histograms;
}

type Results = InferenceSession.OnnxValueMapType;

async function runAll(
  model: OnnxModel,
  { runtime, session: settings, calibration, check, inputName }: ObserveOptions,
  take: (results: Results) => void,
): Promise<void> {
  const session = await openSession(runtime, encodeOnnx(model), settings);
  let batches = 0;
  try {
    for (const feeds of calibration.batches) {
      check(feeds);
      const named = Object.entries(feeds).map(([name, data]) => [inputName(name), wrap(runtime, data)]);
      take(await session.run(Object.fromEntries(named)).catch((cause) => fail(settings.name, cause)));
      batches++;
    }
  } finally {
    await session.release();
  }
  if (batches > 0) return;
  throw new LimbeckError('PRECONDITION', `there are no batches to calibrate '${settings.name}' with`, {
    hint: 'give a few hundred training images',
  });
}

function fail(name: string, cause: unknown): never {
  throw new LimbeckError('BACKEND_FAILED', `calibrating '${name}' failed: ${messageOf(cause)}`, { cause });
}

const nonFinite = (name: string, value: string): LimbeckError =>
  new LimbeckError('NON_FINITE', `'${name}' cannot be calibrated: ${value} is not finite`, {
    hint: 'are its weights and the normalisation of the images sound?',
    details: { program: name, value },
  });
