import { formatShape, type Shape, sameShape, sizeOf, type TensorData, tensorData } from '../dtype.js';
import { GraphError } from '../errors.js';
import { composite } from '../operation.js';
import { add, mul, sub } from '../ops/binary.js';
import { cast } from '../ops/cast.js';
import { less } from '../ops/compare.js';
import { where } from '../ops/select.js';
import { reshape } from '../ops/shape.js';
import { slice } from '../ops/slice.js';
import type { Tensor } from '../tensor.js';

/** A prime below 2^11: (2p)^2 + 2p is below 2^24, so that float32 computes everything here without rounding. */
const prime = 2039;

/** Seeds, steps and sites are given in so many digits to this base, the lowest digit first. */
const digits = { base: 2048, count: 3 } as const;

/** Rounds after which every digit that went in has changed every word. */
const mixingRounds = 8;

/** Random integers are below this number, 2039^2. */
export const randomRange: number = prime * prime;

/** Which numbers {@link randomInteger} gives. */
export type RandomAttributes = {
  /** Of the result. */
  readonly shape: Shape;
  /** Tells the places of one program apart: a whole number in [0, 2^32). */
  readonly site: number;
};

function digitsOf(value: number): number[] {
  if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** 32)
    throw new GraphError('GRAPH_INVALID', `${value} is no whole number in [0, 2^32)`);
  return Array.from({ length: digits.count }, (_, i) => Math.floor(value / digits.base ** i) % digits.base);
}

/**
 * A seed or a step as {@link randomInteger} reads it: its three digits to the base 2048, int32 [3].
 *
 * @param value a whole number in [0, 2^32)
 */
export const randomDigits = (value: number): TensorData<'int32'> =>
  tensorData('int32', [digits.count], Int32Array.from(digitsOf(value)));

/** Four numbers modulo the prime, each a tensor. */
type Words = readonly [Tensor, Tensor, Tensor, Tensor];

/**
 * A number in (-3, prime + 3) that leaves the same rest as z >= -3. The quotient may be one off where the processor rounds
 * differently. The rest stays the same modulo the prime, and only the last results have to be the same.
 */
function reduced(z: Tensor): Tensor {
  const quotient = cast(cast(mul(z, 1 / prime), 'int32'), 'float32');
  return sub(z, mul(quotient, prime));
}

/** The rest in [0, prime) of what {@link reduced} gives. */
function exactRest(x: Tensor): Tensor {
  const raised = where(less(x, 0), add(x, prime), x);
  return where(less(raised, prime), raised, sub(raised, prime));
}

/** Rounds of a Feistel network over four words with the square as its function: every one can be undone. */
function mixed(words: Words): Words {
  let [a, b, c, d] = words;
  for (let i = 0; i < mixingRounds; i++) [a, b, c, d] = [b, c, d, reduced(add(mul(d, d), a))];
  return [a, b, c, d];
}

/** Adds up to three numbers below 2048 to the words, the last one to the last word. */
function absorbed([a, b, c, d]: Words, numbers: readonly (Tensor | number)[]): Words {
  const [last, middle, first] = numbers.toReversed();
  const plus = (word: Tensor, x: Tensor | number | undefined) => (x === undefined ? word : add(word, x));
  return [a, plus(b, first), plus(c, middle), plus(d, last)];
}

/**
 * Two words for every column of every row, by a Feistel network whose round keys are the words of the row. Columns of one
 * row all differ; four rounds pass the tests of randomness.
 */
function spread([a, b, c, d]: Words, column: Tensor): [low: Tensor, high: Tensor] {
  let [left, right] = [a, add(d, column)];
  for (const key of [undefined, b, c, a]) {
    const x = key === undefined ? right : add(right, key);
    [left, right] = [right, reduced(add(mul(x, x), left))];
  }
  return [exactRest(left), exactRest(right)];
}

/**
 * Sizes whose product is that of a shape, or a little more, none above the prime: the last one counts columns, those before
 * it count rows. Neighbouring axes are joined where they can be.
 */
function counterSizes(shape: Shape): number[] {
  const sizes = [1];
  for (const size of shape.toReversed()) {
    if (sizes[0]! * size <= prime) sizes[0]! *= size;
    else sizes.unshift(size);
  }
  if (sizes.length <= 4 && sizes.every((size) => size <= prime)) return sizes;
  const split = (size: number): number[] => {
    if (size <= prime) return [size];
    const rows = Math.ceil(size / prime);
    return [...split(rows), Math.ceil(size / rows)];
  };
  return split(sizeOf(shape));
}

/** 0, 1, 2, ... along one axis of a rank. */
function counted({ graph }: Tensor, sizes: readonly number[], axis: number): Tensor {
  const shape = sizes.map((size, i) => (i === axis ? size : 1));
  return graph.constant(
    tensorData(
      'float32',
      shape,
      Float32Array.from({ length: sizes[axis]! }, (_, i) => i),
    ),
  );
}

function requireDigits(what: string, { shape, dtype, graph }: Tensor): void {
  if (dtype === 'int32' && sameShape(shape, [digits.count])) return;
  throw new GraphError(
    'GRAPH_SHAPE',
    `randomInteger: the ${what} must be int32 [${digits.count}], as randomDigits gives it, not ${dtype} ${formatShape(shape)}`,
    graph.scope,
  );
}

const numbersIn = (x: Tensor): Tensor[] =>
  Array.from({ length: digits.count }, (_, i) =>
    reshape(slice(cast(x, 'float32'), { axis: 0, start: i, end: i + 1 }), []),
  );

/**
 * Whole numbers, evenly distributed over [0, {@link randomRange}), float32. Seed, step, site and the place of an element
 * decide its number: there is no hidden state, and every backend gives the same numbers.
 *
 * The generator is our own: words modulo the prime 2039, mixed by squares in a Feistel network. It is made for masks, not
 * for secrets.
 *
 * @param seed int32 [3], see {@link randomDigits}
 * @param step int32 [3], likewise
 */
export const randomInteger = composite<'randomInteger', [seed: Tensor, step: Tensor], RandomAttributes>(
  'randomInteger',
  (seed, step, { shape, site }) => {
    requireDigits('seed', seed);
    requireDigits('step', step);
    const { graph } = seed;
    // any words that differ would do; the prefix is the same for all sites, and shared
    const first = [1, 577, 1123, 1723].map((word) => graph.scalar(word)) as unknown as Words;
    let words = mixed(absorbed(first, numbersIn(seed)));
    words = mixed(absorbed(words, numbersIn(step)));
    words = mixed(absorbed(words, digitsOf(site)));
    const sizes = counterSizes(shape);
    const rows = sizes.slice(0, -1).map((_, axis) => counted(seed, sizes, axis));
    if (rows.length > 0) words = mixed(absorbed(words, rows));
    const [low, high] = spread(words, counted(seed, sizes, sizes.length - 1));
    const numbers = add(mul(high, prime), low);
    const [wanted, made] = [sizeOf(shape), sizeOf(sizes)];
    if (made === wanted) return reshape(numbers, shape);
    return reshape(slice(reshape(numbers, [made]), { axis: 0, end: wanted }), shape);
  },
  {
    samples: [
      { shape: [], site: 0 },
      { shape: [5], site: 2 ** 32 - 1 },
      { shape: [3, 7, 5], site: 77 },
      { shape: [3, 50, 60], site: 1234567 },
      { shape: [2, 2100], site: 3 },
    ].map((attributes) => ({
      inputs: [
        { shape: [3], dtype: 'int32', values: [2047, 5, 1023] },
        { shape: [3], dtype: 'int32', values: [7, 0, attributes.site % 512] },
      ],
      attributes,
    })),
  },
);

/** True with a probability, independently for every element: bool of the shape. See {@link randomInteger}. */
export const randomMask = (
  seed: Tensor,
  step: Tensor,
  { probability, ...attributes }: RandomAttributes & { readonly probability: number },
): Tensor => less(randomInteger(seed, step, attributes), Math.round(probability * randomRange));
