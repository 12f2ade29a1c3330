import type { ComputeBackend } from '@limbeck/core/backend';
import { resizeNearest } from '@limbeck/distill-feature';
import { Graph, program, tensorData } from '@limbeck/graph';
import { exactBackend } from '@limbeck/testkit';
import { expect, test } from 'vitest';
import { findTargets } from './targets.js';

const [mostFrom, mostTo] = [64, 128];
const sizes = (most: number) => Array.from({ length: most }, (_, i) => i + 1);

/** A quotient or product of whole numbers as float32 holds it, by whole numbers alone: significand * 2^exponent. */
function roundedRatio(numerator: bigint, denominator: bigint): { significand: bigint; exponent: number } {
  let [high, low] = [numerator, denominator];
  let exponent = 0;
  // until the quotient has 24 bits
  while (high < low << 23n) {
    high <<= 1n;
    exponent--;
  }
  while (high >= low << 24n) {
    low <<= 1n;
    exponent++;
  }
  const [whole, twice] = [high / low, 2n * (high % low)];
  const up = twice > low || (twice === low && whole % 2n === 1n);
  return { significand: up ? whole + 1n : whole, exponent };
}

const timesTwo = (value: bigint, exponent: number): bigint =>
  exponent >= 0 ? value << BigInt(exponent) : value >> BigInt(-exponent);

/** floor(float32(i * float32(from / to))), no further than the last place. */
function expectedPlace(i: number, from: number, to: number): number {
  if (i === 0) return 0;
  const scale = roundedRatio(BigInt(from), BigInt(to));
  const product = roundedRatio(BigInt(i) * scale.significand, 1n);
  const floor = timesTwo(product.significand, product.exponent + scale.exponent);
  return Math.min(Number(floor), from - 1);
}

/** What every pair of sizes gives: by the size it comes from, then by the size it goes to. */
const expected = new Map(
  sizes(mostFrom).map((from) => [
    from,
    new Map(sizes(mostTo).map((to) => [to, sizes(to).map((_, i) => expectedPlace(i, from, to))])),
  ]),
);

type SizePair = readonly [from: number, to: number];

const pairs = sizes(mostFrom).flatMap((from) => sizes(mostTo).map((to): SizePair => [from, to]));
const differing = pairs.filter(([from, to]) =>
  expected
    .get(from)!
    .get(to)!
    .some((place, i) => place !== Math.floor((i * from) / to)),
);

/** The pairs of which a backend picks something else; each map is stretched along one of its axes. */
async function wrongOn(backend: ComputeBackend, some: readonly SizePair[]): Promise<string[]> {
  const graph = new Graph();
  const mapOf = (from: number) =>
    from % 2 === 0 ? graph.input(`x${from}`, [1, 1, from, 1]) : graph.input(`x${from}`, [1, 1, 1, from]);
  const outputs = some.map(([from, to]) => {
    const size: [number, number] = from % 2 === 0 ? [to, 1] : [1, to];
    return [`${from} -> ${to}`, resizeNearest(mapOf(from), size)] as const;
  });
  const inputs = [...new Set(some.map(([from]) => mapOf(from)))];
  const feeds = inputs.map(({ shape }) => {
    const from = shape[2]! * shape[3]!;
    return [
      `x${from}`,
      tensorData(
        'float32',
        shape,
        Float32Array.from({ length: from }, (_, i) => i),
      ),
    ];
  });
  const executable = await backend.compile(program({ name: 'nearest', outputs: new Map(outputs), inputs }));
  const fetched = await executable.step(Object.fromEntries(feeds));
  await executable.dispose();
  return some.flatMap(([from, to]) => {
    const name = `${from} -> ${to}`;
    return fetched[name]!.data.join() === expected.get(from)!.get(to)!.join() ? [] : [name];
  });
}

test("PyTorch's rounding to float32 matters for 82 pairs", () => {
  expect(differing).toHaveLength(82);
});

test('picks what PyTorch picks, for every pair of sizes up to 64 -> 128', async () => {
  expect(await wrongOn(exactBackend, pairs)).toEqual([]);
});

const targets = await findTargets();

// the places are constants of the program, so that a backend cannot tell one pair from another but by how it is written
test.for(targets)(
  '$name picks it where rounding matters, and from one size to all',
  async (target, context) => {
    if (target.missing !== undefined) context.skip(target.missing);
    const some = [...differing, ...pairs.filter(([from]) => from === 6)];
    expect(await wrongOn(target.backend, some)).toEqual([]);
  },
);
