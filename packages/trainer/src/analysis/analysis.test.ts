import { createLinearCka, indexTargets, noTargets } from '@limbeck/core';
import { describe, expect, it } from 'vitest';
import { ckaByGrams, meanCosine, sameArgmax } from '../testing/formulas.js';
import { ece } from './calibration.js';
import { linearCka } from './linear-cka.js';
import { teacherAgreement } from './teacher-agreement.js';
import { teacherCosine } from './teacher-cosine.js';

describe('the expected calibration error', () => {
  const measured = (logits: number[][], labels: number[], bins = 15) => {
    const accumulator = ece.create({ bins }, {});
    for (const [i, row] of logits.entries()) {
      // one row of padding behind each
      const padded = Float32Array.from([...row, 50, 0]);
      accumulator.add({
        logits: padded,
        targets: indexTargets([labels[i]!, 0]),
        count: 1,
        classes: row.length,
        features: {},
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
  const rows = (flat: Float64Array, width: number) =>
    Array.from({ length: n }, (_, row) => [...flat.subarray(row * width, (row + 1) * width)]);

  it('is that of Gram matrices, however samples are cut into batches', () => {
    const whole = createLinearCka([p, q]);
    whole.add(x, y, n);
    const parts = createLinearCka([p, q]);
    for (let from = 0; from < n; from += 7) {
      parts.add(x.subarray(from * p), y.subarray(from * q), Math.min(7, n - from));
    }
    expect(whole.value()).toBeCloseTo(ckaByGrams(rows(x, p), rows(y, q)), 9);
    expect(parts.value()).toBeCloseTo(whole.value(), 12);
  });

  it('does not lose digits where values are far from zero', () => {
    const far = createLinearCka([p, q]);
    far.add(
      x.map((value) => value + 1e6),
      y.map((value) => value - 1e6),
      n,
    );
    expect(far.value()).toBeCloseTo(ckaByGrams(rows(x, p), rows(y, q)), 8);
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
    for (const constant of [0, 0.1, 1e9]) {
      const cka = createLinearCka([p, 1]);
      cka.add(x, new Float64Array(n).fill(constant), n);
      expect(cka.value(), String(constant)).toBe(0);
    }
  });

  it('does not hide what is no number', () => {
    const cka = createLinearCka([p, 1]);
    cka.add(x, new Float64Array(n).fill(Number.NaN, 3, 4), n);
    expect(cka.value()).toBeNaN();
  });
});

/** A feature that was found, by its shape. */
const feature = (of: 'student' | 'teacher', shape: number[]) => ({
  of,
  path: 'embedding',
  title: `'embedding' of ${of} 'net'`,
  shape,
});

describe('what is compared with the teacher', () => {
  const [samples, width] = [10, 3];
  const flat = (seed: number) =>
    Float32Array.from({ length: samples * width }, (_, i) => Math.sin(seed + 2.3 * i));
  const rows = (values: Float32Array) =>
    Array.from({ length: samples }, (_, i) => [...values.subarray(i * width, (i + 1) * width)]);
  const [ours, theirs] = [flat(1), flat(2)];
  const pair = { student: feature('student', [width]), teacher: feature('teacher', [width]) };
  const options = { tap: 'embedding', pooled: true };

  /** In batches of four, the last one padded. */
  function inBatches(add: (from: number, count: number) => void) {
    for (let from = 0; from < samples; from += 4) add(from, Math.min(4, samples - from));
  }
  const rest = { targets: noTargets, logits: new Float32Array(4 * width), classes: width };

  it.each([
    ['cosine', teacherCosine, meanCosine],
    ['linear CKA', linearCka, ckaByGrams],
  ] as const)('is the %s over all samples', (_, metric, formula) => {
    const accumulator = metric.create(options, pair);
    inBatches((from, count) => {
      const of = (values: Float32Array) => Float32Array.from([...values.subarray(from * width), 7, 7, 7]);
      accumulator.add({ ...rest, count, features: { student: of(ours), teacher: of(theirs) } });
    });
    expect(accumulator.value()).toBeCloseTo(formula(rows(ours), rows(theirs)), 6);
  });

  it('is the share of equal predictions', () => {
    const accumulator = teacherAgreement.create({}, { teacher: feature('teacher', [width]) });
    inBatches((from, count) => {
      const of = (values: Float32Array) => values.subarray(from * width);
      accumulator.add({ ...rest, logits: of(ours), count, features: { teacher: of(theirs) } });
    });
    const expected = sameArgmax(rows(ours), rows(theirs));
    expect(accumulator.value()).toBe(expected);
    expect(expected).toBeGreaterThan(0);
    expect(expected).toBeLessThan(1);
  });

  it('counts vectors of zeros as alike among themselves, and as unlike all others', () => {
    const cosine = (student: number[], teacher: number[]) => {
      const accumulator = teacherCosine.create(options, pair);
      const features = { student: Float32Array.from(student), teacher: Float32Array.from(teacher) };
      accumulator.add({ ...rest, count: 1, features });
      return accumulator.value();
    };
    expect(cosine([0, 0, 0], [0, 0, 0])).toBe(1);
    expect(cosine([0, 0, 0], [1, 0, 0])).toBe(0);
    expect(cosine([0.1, 0.2, 0.3], [0.1, 0.2, 0.3])).toBeLessThanOrEqual(1);
  });

  it('has to be of one width for a cosine, which names both features and both shapes', () => {
    const unequal = { student: feature('student', [64]), teacher: feature('teacher', [256]) };
    expect(() => teacherCosine.create(options, unequal)).toThrow(
      expect.objectContaining({
        code: 'SHAPE_MISMATCH',
        message: expect.stringContaining(
          "'embedding' of student 'net' is [64], 'embedding' of teacher 'net' [256]",
        ),
        hint: expect.stringContaining('projector-ensemble.projectors'),
      }),
    );
    expect(linearCka.create(options, unequal).value()).toBeNaN();
  });

  it('must not be too wide for CKA', () => {
    const wide = { ...pair, teacher: feature('teacher', [64, 16, 16]) };
    expect(() => linearCka.create(options, wide)).toThrow(
      expect.objectContaining({ code: 'PRECONDITION', message: expect.stringContaining('[64, 16, 16]') }),
    );
  });
});
