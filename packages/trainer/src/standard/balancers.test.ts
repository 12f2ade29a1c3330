import type { BalancedTerm, Balancer } from '@limbeck/core';
import { Graph, program, type Tensor } from '@limbeck/graph';
import { initialState, Scope, Trace } from '@limbeck/nn';
import { referenceBackend } from '@limbeck/testkit';
import { describe, expect, it } from 'vitest';
import { gradientNorm, mokd, runningMagnitude } from './balancers.js';

/** A term as a test gives it: value and gradient in one step after another. */
interface Given {
  readonly name: string;
  readonly values?: readonly number[];
  readonly gradients?: readonly (readonly number[])[];
  readonly weight?: number;
}

/** Factors of every step; the first term is the task. */
async function factors<Options>(
  balancer: Balancer<Options>,
  options: Options,
  given: readonly Given[],
): Promise<Record<string, number>[]> {
  const graph = new Graph();
  const trace = new Trace(graph, { prefix: 'balancer', mode: 'train' });
  const terms = given.map(({ name, weight = 1 }, i): BalancedTerm => {
    const gradient: Tensor = graph.input(`gradient.${name}`, [2]);
    return {
      name,
      role: i === 0 ? 'task' : 'distillation',
      value: graph.input(`value.${name}`, []),
      weight: graph.scalar(weight),
      gradients: [gradient],
    };
  });
  const outputs = balancer.balance({ terms, options, m: new Scope(trace) });
  const target = program({ name: 'balancer', outputs, updates: trace.updates });
  const executable = await referenceBackend.compile(target, {
    state: initialState(trace.variables.values(), 0),
  });
  const found: Record<string, number>[] = [];
  const count = given[0]!.values?.length ?? given[0]!.gradients!.length;
  for (let step = 0; step < count; step++) {
    const offered = given.flatMap(({ name, values, gradients }) => [
      [`value.${name}`, { dtype: 'float32', shape: [], data: Float32Array.of(values?.[step] ?? 0) }] as const,
      [
        `gradient.${name}`,
        { dtype: 'float32', shape: [2], data: Float32Array.from(gradients?.[step] ?? [0, 0]) },
      ] as const,
    ]);
    const inputs = new Set(target.inputs.map(({ attributes }) => attributes.name));
    const fetches = await executable.step(
      Object.fromEntries(offered.filter(([name]) => inputs.has(name))) as never,
    );
    found.push(Object.fromEntries(Object.entries(fetches).map(([name, { data }]) => [name, data[0]!])));
  }
  return found;
}

describe('running-magnitude', () => {
  it('relates running means, which begin with the first value', async () => {
    const found = await factors(runningMagnitude, { momentum: 0.5 }, [
      { name: 'ce', values: [2, 4] },
      { name: 'feature', values: [-0.5, 0.5] },
      { name: 'zero', values: [0, 1] },
    ]);
    expect(found[0]!.feature).toBeCloseTo(4, 5);
    // (0.25 x 2 + 0.5 x 4) / 0.75 against a steady 0.5
    expect(found[1]!.feature).toBeCloseTo((0.5 + 2) / 0.75 / 0.5, 5);
    expect(Number.isFinite(found[0]!.zero)).toBe(true);
  });
});

describe('gradient-norm', () => {
  it('relates the norms of unweighted gradients', async () => {
    const [found] = await factors(gradientNorm, { momentum: 0.9 }, [
      { name: 'ce', gradients: [[3, 4]] },
      { name: 'feature', gradients: [[0, 20]], weight: 2 },
    ]);
    expect(found!.feature).toBeCloseTo(5 / 10, 6);
  });
});

describe('mokd', () => {
  const share = async (g: readonly number[], h: readonly number[], least = 0) => {
    const [found] = await factors(mokd, { least }, [
      { name: 'ce', gradients: [g] },
      { name: 'kd', gradients: [h] },
    ]);
    expect(found!.ce! + found!.kd!).toBeCloseTo(2, 6);
    return found!.ce! / 2;
  };
  const length = (a: number, g: readonly number[], h: readonly number[]) =>
    Math.hypot(a * g[0]! + (1 - a) * h[0]!, a * g[1]! + (1 - a) * h[1]!);

  it.each([
    [
      [1, 0],
      [0, 1],
    ],
    [
      [1, 0],
      [-0.5, 0.2],
    ],
    [
      [1, 2],
      [-3, 1],
    ],
    [
      [1, 1],
      [4, 5],
    ],
    [
      [6, 5],
      [1, 1],
    ],
  ])('finds the shortest combination of %j and %j', async (g, h) => {
    const found = await share(g, h);
    const best = Math.min(...Array.from({ length: 1001 }, (_, i) => length(i / 1000, g, h)));
    expect(length(found, g, h)).toBeCloseTo(best, 4);
  });

  it('gives equal shares where there is nothing to decide', async () => {
    expect(await share([1, 2], [1, 2])).toBe(0.5);
    expect(await share([0, 0], [1, 2])).toBe(0.5);
    expect(await share([1, 2], [0, 0])).toBe(0.5);
  });

  it('keeps to the least share', async () => {
    expect(await share([1, 1], [4, 5])).toBe(1);
    expect(await share([1, 1], [4, 5], 0.25)).toBeCloseTo(0.75, 6);
  });
});
