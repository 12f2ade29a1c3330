import { describe, expect, test } from 'vitest';
import {
  Graph,
  interpret,
  program,
  randomDigits,
  randomInteger,
  randomMask,
  randomRange,
  type Shape,
} from '../index.js';

interface Choice {
  readonly seed?: number;
  readonly step?: number;
  readonly site?: number;
  readonly shape?: Shape;
}

const rows = 128;
const columns = 512;

function numbers({ seed = 1, step = 0, site = 0, shape = [rows, columns] }: Choice): Float32Array {
  const graph = new Graph();
  const digits = (name: string) => graph.input(name, [3], 'int32');
  const y = randomInteger(digits('seed'), digits('step'), { shape, site });
  const feeds = new Map([
    ['seed', randomDigits(seed)],
    ['step', randomDigits(step)],
  ]);
  return interpret(program({ name: 'random', outputs: { y } }), feeds).outputs.get('y')!.data as Float32Array;
}

/** Standard deviations by which counts in equal bins are further apart than chance makes them. */
function excess(bins: Iterable<number>, count: number): number {
  const counts = new Float64Array(count);
  let total = 0;
  for (const bin of bins) {
    counts[bin]!++;
    total++;
  }
  const expected = total / count;
  const chi = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  return (chi - (count - 1)) / Math.sqrt(2 * (count - 1));
}

const centred = (x: number) => x / randomRange - 0.5;

/** Correlation of two sequences in its own standard deviations. */
function correlation(a: Float32Array, b: Float32Array): number {
  const count = Math.min(a.length, b.length);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += centred(a[i]!) * centred(b[i]!);
  return (12 * sum) / Math.sqrt(count);
}

/** Far beyond what chance gives among the few hundred values here, and far below what a weak generator shows. */
const bound = 4;

const choices: Choice[] = [
  { seed: 0, step: 0, site: 0 },
  { seed: 1, step: 0, site: 0 },
  { seed: 7, step: 100_000, site: 0xdeadbeef },
  { seed: 2 ** 32 - 1, step: 2 ** 31 - 1, site: 5 },
];

describe.each(choices)('numbers of seed $seed, step $step and site $site', (choice) => {
  const all = numbers(choice);

  test('are evenly distributed, in their high and in their low digits', () => {
    expect(Math.abs(all.reduce((sum, x) => sum + centred(x), 0) * Math.sqrt(12 / all.length))).toBeLessThan(
      bound,
    );
    expect(
      excess(
        Array.from(all, (x) => Math.floor((x / randomRange) * 256)),
        256,
      ),
    ).toBeLessThan(bound);
    expect(
      excess(
        Array.from(all, (x) => x % 256),
        256,
      ),
    ).toBeLessThan(bound);
    const pairs = Array.from({ length: all.length / 2 }, (_, i) =>
      [0, 1].reduce((sum, at) => 16 * sum + Math.floor((all[2 * i + at]! / randomRange) * 16), 0),
    );
    expect(excess(pairs, 256)).toBeLessThan(bound);
  });

  test('are not correlated with their neighbours', () => {
    for (const distance of [1, 2, columns, 2 * columns])
      expect(Math.abs(correlation(all, all.subarray(distance)))).toBeLessThan(bound);
  });

  test('have nothing to do with those of other seeds, steps and sites', () => {
    const { seed, step, site } = choice as Required<Choice>;
    const others = [
      { seed: Math.abs(seed - 1), step, site },
      { seed, step: step + 1, site },
      { seed, step: step + 2048, site },
      { seed, step, site: site + 1 },
    ];
    for (const other of others) expect(Math.abs(correlation(all, numbers(other)))).toBeLessThan(bound);
  });
});

test('masks of one value a sample, as drop-path has them, change from step to step without a pattern', () => {
  const [steps, samples, rate] = [200, 64, 0.1];
  const kept = Array.from({ length: steps }, (_, step) =>
    Array.from(numbers({ step, site: 9, shape: [samples, 1, 1] }), (x) => x < (1 - rate) * randomRange),
  );
  const share = kept.flat().filter(Boolean).length / (steps * samples);
  expect(Math.abs(share - 0.9)).toBeLessThan(bound * Math.sqrt((rate * (1 - rate)) / (steps * samples)));
  const dropped = (step: number, sample: number) => (kept[step]![sample]! ? 0 : 1) - rate;
  let [along, across] = [0, 0];
  for (let step = 1; step < steps; step++) {
    for (let sample = 1; sample < samples; sample++) {
      along += dropped(step, sample) * dropped(step - 1, sample);
      across += dropped(step, sample) * dropped(step, sample - 1);
    }
  }
  const deviation = rate * (1 - rate) * Math.sqrt((steps - 1) * (samples - 1));
  expect(Math.abs(along / deviation)).toBeLessThan(bound);
  expect(Math.abs(across / deviation)).toBeLessThan(bound);
});

test.each([[[]], [[1]], [[2039]], [[2040]], [[3, 5000]], [[2, 2, 2, 2, 2]], [[2, 1500, 2]]] as Shape[][])(
  'shape %j holds whole numbers below the range',
  (shape) => {
    const all = numbers({ shape });
    expect(all.length).toBe(shape.reduce((product, n) => product * n, 1));
    expect(all.every((x) => Number.isInteger(x) && x >= 0 && x < randomRange)).toBe(true);
  },
);

test('a mask is true with the probability that is asked for', () => {
  const graph = new Graph();
  const [seed, step] = [graph.input('seed', [3], 'int32'), graph.input('step', [3], 'int32')];
  const y = randomMask(seed, step, { shape: [rows, columns], site: 1, probability: 0.73 });
  expect(y.dtype).toBe('bool');
  const feeds = new Map([
    ['seed', randomDigits(3)],
    ['step', randomDigits(4)],
  ]);
  const { data } = interpret(program({ name: 'p', outputs: { y } }), feeds).outputs.get('y')!;
  const share = (data as Uint8Array).reduce((sum, one) => sum + one, 0) / data.length;
  expect(Math.abs(share - 0.73)).toBeLessThan(bound * Math.sqrt((0.73 * 0.27) / data.length));
});

test.each([-1, 0.5, 2 ** 32, Number.NaN])('%d is neither a seed nor a step nor a site', (value) => {
  expect(() => randomDigits(value)).toThrow(`${value} is no whole number in [0, 2^32)`);
});

test('a seed of another type is refused, naming both', () => {
  const graph = new Graph();
  const [seed, step] = [graph.input('seed', []), graph.input('step', [3], 'int32')];
  expect(() => randomInteger(seed, step, { shape: [2], site: 0 })).toThrow(
    'randomInteger: the seed must be int32 [3], as randomDigits gives it, not float32 []',
  );
});
