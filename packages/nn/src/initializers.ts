import { allocate, type Shape, sizeOf } from '@limbeck/graph';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { fnv1a } from './fnv1a.js';

/** Numbers drawn for one parameter. */
export interface RandomSource {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
}

/** Fills a new parameter. `name` is recorded and printed. */
export interface Initializer {
  readonly name: string;
  fill(shape: Shape, random: RandomSource): Float32Array;
}

/**
 * Draws for the parameter `name` under `seed`. Every parameter has a stream of its own, so that adding or removing a
 * layer leaves the others as they were.
 */
export function randomSource(seed: number, name: string): RandomSource {
  const generator = xoroshiro128plus(fnv1a(`${seed}:${name}`) | 0);
  const uniform = () => uniformFloat64(generator);
  let spare: number | undefined;
  return {
    uniform,
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      // Box-Muller; 1 - u keeps the logarithm finite
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}

const drawn = (name: string, draw: (shape: Shape) => (random: RandomSource) => number): Initializer => ({
  name,
  fill(shape, random) {
    const next = draw(shape);
    const values = new Float32Array(sizeOf(shape));
    // models have millions of them: a loop is several times as fast as Float32Array.from
    for (let i = 0; i < values.length; i++) values[i] = next(random);
    return values;
  },
});

/** Inputs and outputs of one element of a weight [out, in, ...kernel], as PyTorch counts them. */
export function fans(shape: Shape): { fanIn: number; fanOut: number } {
  const kernel = sizeOf(shape.slice(2));
  return { fanIn: (shape[1] ?? 1) * kernel, fanOut: (shape[0] ?? 1) * kernel };
}

/** Every element the same. */
export const constant = (value: number): Initializer => ({
  name: `constant(${value})`,
  fill: (shape) => allocate('float32', sizeOf(shape)).fill(value),
});

/** Fills a parameter with 0. */
export const zeros = constant(0);
/** Fills a parameter with 1. */
export const ones = constant(1);

/** Normal with mean 0. */
export const normal = (std: number): Initializer =>
  drawn(`normal(${std})`, () => (random) => std * random.normal());

/** Uniform in [-bound, bound]. */
export const uniform = (bound: number): Initializer =>
  drawn(`uniform(${bound})`, () => (random) => bound * (2 * random.uniform() - 1));

/** Normal with variance 2 / fan (He et al., 2015). `fan`: which side keeps its variance. */
export const kaimingNormal = (fan: 'in' | 'out'): Initializer =>
  drawn(`kaiming-normal(${fan})`, (shape) => {
    const { fanIn, fanOut } = fans(shape);
    const std = Math.sqrt(2 / (fan === 'in' ? fanIn : fanOut));
    return (random) => std * random.normal();
  });

/** Uniform with variance 2 / (fan in + fan out) (Glorot and Bengio, 2010). */
export const xavierUniform: Initializer = drawn('xavier-uniform', (shape) => {
  const { fanIn, fanOut } = fans(shape);
  const bound = Math.sqrt(6 / (fanIn + fanOut));
  return (random) => bound * (2 * random.uniform() - 1);
});

/** PyTorch's default for weights of linear and convolutional layers: uniform in +-1 / sqrt(fan in). */
export const torchDefault: Initializer = drawn('torch-default', (shape) => {
  const bound = 1 / Math.sqrt(fans(shape).fanIn);
  return (random) => bound * (2 * random.uniform() - 1);
});

/** PyTorch's default for biases: uniform in +-1 / sqrt(fan in of the weight beside it). */
export const torchDefaultBias = (fanIn: number): Initializer => uniform(1 / Math.sqrt(fanIn));

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

/** Takes away what `vector` has along `direction`, a vector of length 1. */
function removeFrom(vector: Float64Array, direction: Float64Array): void {
  const along = dot(vector, direction);
  for (let i = 0; i < vector.length; i++) vector[i] = vector[i]! - along * direction[i]!;
}

/**
 * A random matrix whose rows, or columns where those are fewer, have length 1 and are at right angles to each other: normal
 * draws, orthogonalised one after another (Saxe et al., 2014). Kernels count as part of a row.
 */
export const orthogonal: Initializer = {
  name: 'orthogonal',
  fill(shape, random) {
    const rows = shape[0] ?? 1;
    const columns = sizeOf(shape) / rows;
    const [count, length] = rows <= columns ? [rows, columns] : [columns, rows];
    const vectors: Float64Array[] = [];
    while (vectors.length < count) {
      const vector = Float64Array.from({ length }, () => random.normal());
      // twice, since once leaves rounding errors where a vector is nearly spanned already
      for (const other of vectors) removeFrom(vector, other);
      for (const other of vectors) removeFrom(vector, other);
      const norm = Math.sqrt(dot(vector, vector));
      if (norm > 1e-6) vectors.push(vector.map((x) => x / norm));
    }
    return Float32Array.from({ length: rows * columns }, (_, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      return rows <= columns ? vectors[row]![column]! : vectors[column]![row]!;
    });
  },
};

/** Passes the first inputs on as they are: ones on the diagonal, at the middle of a kernel. Nothing is drawn. */
export const identity: Initializer = {
  name: 'identity',
  fill(shape) {
    const { fanIn } = fans(shape);
    const kernel = sizeOf(shape.slice(2));
    const values = new Float32Array(sizeOf(shape));
    const passed = Math.min(shape[0] ?? 1, shape[1] ?? 1);
    for (let i = 0; i < passed; i++) values[i * fanIn + i * kernel + (kernel >> 1)] = 1;
    return values;
  },
};
