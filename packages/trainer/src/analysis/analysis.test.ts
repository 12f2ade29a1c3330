import { describe, expect, it } from 'vitest';
import { ece } from './calibration.js';
import { createLinearCka } from './linear-cka.js';

describe('the expected calibration error', () => {
  const measured = (logits: number[][], labels: number[], bins = 15) => {
    const accumulator = ece.create({ bins });
    for (const [i, row] of logits.entries()) {
      // one row of padding behind each
      const padded = Float32Array.from([...row, 50, 0]);
      accumulator.add({
        logits: padded,
        labels: Int32Array.of(labels[i]!, 0),
        count: 1,
        classes: row.length,
      });
    }
    return accumulator.value();
  };
  const sure = Math.log(0.8 / 0.2);

  it('is none where four of five are right at 80 %', () => {
    expect(measured(Array(5).fill([sure, 0]), [0, 0, 0, 0, 1])).toBeCloseTo(0, 6);
  });

  it('is the distance where they are not, whichever side', () => {
    expect(measured(Array(2).fill([sure, 0]), [1, 1])).toBeCloseTo(0.8, 6);
    expect(measured(Array(2).fill([sure, 0]), [0, 0])).toBeCloseTo(0.2, 6);
  });

  it('does not let bins make up for each other, except in a single one', () => {
    const logits = [
      [sure, 0],
      [0, 0],
    ];
    expect(measured(logits, [1, 0])).toBeCloseTo((0.8 + 0.5) / 2, 6);
    expect(measured(logits, [1, 0], 1)).toBeCloseTo((0.8 - 0.5) / 2, 6);
  });

  it('takes logits of 10,000', () => {
    expect(measured([[1e4, -1e4]], [1])).toBeCloseTo(1, 9);
  });
});

describe('linear CKA', () => {
  const [n, p, q] = [20, 4, 3];
  const values = (length: number, seed: number) =>
    Float64Array.from({ length }, (_, i) => Math.sin(seed + i * 1.7) + 3);
  const x = values(n * p, 1);
  const y = values(n * q, 2);

  /** By Gram matrices and HSIC, as the paper defines it. */
  function byGrams(a: Float64Array, width: number, b: Float64Array, other: number): number {
    const gram = (rows: Float64Array, d: number) => {
      const k = Array.from({ length: n }, (_, i) =>
        Array.from({ length: n }, (_, j) => {
          let sum = 0;
          for (let c = 0; c < d; c++) sum += rows[i * d + c]! * rows[j * d + c]!;
          return sum;
        }),
      );
      const means = k.map((row) => row.reduce((u, v) => u + v) / n);
      const all = means.reduce((u, v) => u + v) / n;
      return k.map((row, i) => row.map((value, j) => value - means[i]! - means[j]! + all));
    };
    const hsic = (k: number[][], l: number[][]) =>
      k.reduce((sum, row, i) => sum + row.reduce((inner, value, j) => inner + value * l[i]![j]!, 0), 0);
    const [k, l] = [gram(a, width), gram(b, other)];
    return hsic(k, l) / Math.sqrt(hsic(k, k) * hsic(l, l));
  }

  it('is that of Gram matrices, however samples are cut into batches', () => {
    const whole = createLinearCka([p, q]);
    whole.add(x, y, n);
    const parts = createLinearCka([p, q]);
    for (let from = 0; from < n; from += 7) {
      parts.add(x.subarray(from * p), y.subarray(from * q), Math.min(7, n - from));
    }
    expect(whole.value()).toBeCloseTo(byGrams(x, p, y, q), 9);
    expect(parts.value()).toBeCloseTo(whole.value(), 12);
  });

  it('is one for a representation and itself, turned, scaled and moved', () => {
    const turned = Float64Array.from(x, (_, i) => {
      const [row, column] = [Math.floor(i / p), i % p];
      return 2 * x[row * p + ((column + 1) % p)]! - 5;
    });
    const cka = createLinearCka([p, p]);
    cka.add(x, turned, n);
    expect(cka.value()).toBeCloseTo(1, 9);
  });

  it('is none where a representation says nothing', () => {
    const cka = createLinearCka([p, 1]);
    cka.add(x, new Float64Array(n), n);
    expect(cka.value()).toBe(0);
  });
});
