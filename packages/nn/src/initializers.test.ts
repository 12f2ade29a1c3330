import { describe, expect, test } from 'vitest';
import {
  fans,
  type Initializer,
  identity,
  kaimingNormal,
  normal,
  orthogonal,
  randomSource,
  torchDefault,
  xavierUniform,
} from './initializers.js';

function moments(
  initializer: Initializer,
  shape: number[],
): { mean: number; std: number; least: number; most: number } {
  const values = initializer.fill(shape, randomSource(1, 'weight'));
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const std = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  return { mean, std, least: Math.min(...values), most: Math.max(...values) };
}

describe('distributions over a 64 x 32 x 3 x 3 weight', () => {
  const shape = [64, 32, 3, 3];

  test.each([
    ['kaiming-normal over the fan out', kaimingNormal('out'), Math.sqrt(2 / (64 * 9))],
    ['kaiming-normal over the fan in', kaimingNormal('in'), Math.sqrt(2 / (32 * 9))],
    ['normal', normal(0.01), 0.01],
    ['xavier-uniform', xavierUniform, Math.sqrt(2 / ((64 + 32) * 9))],
    ["PyTorch's default", torchDefault, 1 / Math.sqrt(3 * 32 * 9)],
  ])('%s has mean 0 and its standard deviation', (_, initializer, std) => {
    const drawn = moments(initializer, shape);
    // 18,432 draws: three standard errors of mean and deviation
    expect(Math.abs(drawn.mean)).toBeLessThan((3 * std) / Math.sqrt(18432));
    expect(Math.abs(drawn.std / std - 1)).toBeLessThan(3 / Math.sqrt(2 * 18432));
  });

  test("PyTorch's default stays inside 1 / sqrt(fan in)", () => {
    const { least, most } = moments(torchDefault, shape);
    const bound = 1 / Math.sqrt(32 * 9);
    expect(least).toBeGreaterThanOrEqual(-bound);
    expect(most).toBeLessThanOrEqual(bound);
    expect(most).toBeGreaterThan(0.99 * bound);
  });
});

test.each([[[6, 6]], [[4, 9]], [[9, 4]], [[3, 2, 2, 2]]])('orthogonal weights %j keep angles', (shape) => {
  const rows = shape[0]!;
  const columns = shape.reduce((a, b) => a * b) / rows;
  const values = orthogonal.fill(shape, randomSource(1, 'weight'));
  const at = (i: number, j: number) =>
    rows <= columns ? values[i * columns + j]! : values[j * columns + i]!;
  for (let a = 0; a < Math.min(rows, columns); a++) {
    for (let b = 0; b <= a; b++) {
      let product = 0;
      for (let i = 0; i < Math.max(rows, columns); i++) product += at(a, i) * at(b, i);
      expect(product).toBeCloseTo(a === b ? 1 : 0, 6);
    }
  }
});

test('fans count as PyTorch counts them', () => {
  expect(fans([64, 32, 3, 3])).toEqual({ fanIn: 288, fanOut: 576 });
  expect(fans([10, 64])).toEqual({ fanIn: 64, fanOut: 10 });
});

describe('streams', () => {
  const draw = (seed: number, name: string) => normal(1).fill([4], randomSource(seed, name));

  test('one seed and name give the same numbers always', () => {
    expect(draw(1, 'conv1.weight')).toEqual(draw(1, 'conv1.weight'));
  });

  test('another seed or another name gives other numbers', () => {
    expect(draw(2, 'conv1.weight')).not.toEqual(draw(1, 'conv1.weight'));
    expect(draw(1, 'conv2.weight')).not.toEqual(draw(1, 'conv1.weight'));
  });
});

test('identity passes inputs on, in the middle of a kernel', () => {
  const fill = (shape: number[]) => [...identity.fill(shape, randomSource(1, 'weight'))];
  expect(fill([2, 3])).toEqual([1, 0, 0, 0, 1, 0]);
  expect(fill([3, 2])).toEqual([1, 0, 0, 1, 0, 0]);
  const kernels = fill([2, 2, 3, 3]);
  expect([0, 1, 2, 3].map((k) => kernels.slice(9 * k, 9 * k + 9).indexOf(1))).toEqual([4, -1, -1, 4]);
});
