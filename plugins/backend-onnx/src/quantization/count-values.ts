import type { OnnxModel, OnnxNode } from '@limbeck/formats';
import type { Extremes } from './extremes.js';
import { Histogram } from './histogram.js';
import { leadingTo } from './leading-to.js';
import { type BatchRun, runBatches } from './run-batches.js';

export interface CountOptions {
  /** Whether zeros count. */
  readonly zeros: boolean;
  /** Bytes of maps that leave the model at a time. A larger map leaves it alone. */
  readonly groupBytes: number;
}

/**
 * How often values occur in ranges that are known. Here the maps themselves leave the model, so they do in groups: each
 * group is a pass over the batches, by the part of the model that leads to it.
 */
export async function countValues(
  model: OnnxModel,
  extremes: ReadonlyMap<string, Extremes>,
  { zeros, groupBytes }: CountOptions,
  options: BatchRun,
): Promise<ReadonlyMap<string, Histogram>> {
  const histograms = new Map<string, Histogram>();
  for (const group of groupsOf(extremes, groupBytes)) {
    for (const value of group) histograms.set(value, new Histogram(extremes.get(value)!, { zeros }));
    await runBatches(giving(model, group), options, (results) => {
      for (const value of group) {
        histograms.get(value)!.add(results[outputOf(model, value)]!.data as Float32Array);
      }
    });
  }
  return histograms;
}

/** Values in their order, as many at a time as fit. */
export function groupsOf(
  values: ReadonlyMap<string, { readonly bytes: number }>,
  groupBytes: number,
): string[][] {
  const groups: string[][] = [];
  let filled = Infinity;
  for (const [value, { bytes }] of values) {
    if (filled + bytes > groupBytes) {
      groups.push([]);
      filled = 0;
    }
    groups.at(-1)!.push(value);
    filled += bytes;
  }
  return groups;
}

/** The part of a model that computes some of its values, which are its outputs. */
function giving(model: OnnxModel, values: readonly string[]): OnnxModel {
  const copies = values
    .filter((value) => isInput(model, value))
    .map(
      (value): OnnxNode => ({
        opType: 'Identity',
        name: outputOf(model, value),
        inputs: [value],
        outputs: [outputOf(model, value)],
        attributes: {},
      }),
    );
  const outputs = values.map((value) => ({ name: outputOf(model, value), dtype: 'float32' }) as const);
  return leadingTo({
    ...model,
    graph: { ...model.graph, nodes: [...model.graph.nodes, ...copies], outputs },
  });
}

const isInput = ({ graph }: OnnxModel, value: string): boolean =>
  graph.inputs.some(({ name }) => name === value);

/** The runtime gives no input back as it is. */
const outputOf = (model: OnnxModel, value: string): string =>
  isInput(model, value) ? `${value}/copy` : value;
