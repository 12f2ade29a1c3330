import { readFileSync } from 'node:fs';
import { indexTargets, type Targets } from '@limbeck/core';
import { describe, expect, it } from 'vitest';
import { meanAveragePrecision } from './average-precision.js';
import { f1 } from './f1.js';

const golden = JSON.parse(
  readFileSync(new URL('../../../../test/golden/targets.json', import.meta.url), 'utf8'),
);
const { samples, classes } = golden;
const logits: number[] = golden.logits;
const multiHot: Targets = { kind: 'multi-hot', values: Float32Array.from(golden.multiHot) };

/** Two batches, the second padded. */
function measure(accumulator: ReturnType<typeof f1.create>, scores: readonly number[], targets: Targets) {
  const half = samples / 2;
  for (const first of [0, half]) {
    const part = (values: ArrayLike<number>, width: number) =>
      Array.from(values).slice(first * width, (first + half) * width);
    const padded = (values: number[], width: number, more: number) => [...values, ...Array(width).fill(more)];
    accumulator.add({
      logits: Float32Array.from(padded(part(scores, classes), classes, 9)),
      targets:
        targets.kind === 'index'
          ? indexTargets(padded(part(targets.values, 1), 1, 0))
          : {
              kind: 'multi-hot',
              values: Float32Array.from(
                padded(part(targets.kind === 'none' ? [] : targets.values, classes), classes, 1),
              ),
            },
      count: half,
      classes,
      features: {},
    });
  }
  return accumulator.value();
}

const f1Options = { average: 'macro', threshold: 0.5 } as const;

describe.each([
  ['several', logits],
  ['ties', logits.map((x) => roundEven(x))],
] as const)("scikit-learn's numbers: %s", (name, scores) => {
  const expected = golden.metrics[name];

  it('mean average precision', () => {
    expect(measure(meanAveragePrecision.create({}, {}), scores, multiHot)).toBeCloseTo(expected.mAP, 6);
  });

  it('of each class', () => {
    for (const [index, value] of expected.averagePrecision.entries()) {
      const found = measure(meanAveragePrecision.create({ class: index }, {}), scores, multiHot);
      expect(found).toBeCloseTo(value ?? 0, 6);
      const own = measure(f1.create({ ...f1Options, class: index }, {}), scores, multiHot);
      expect(own).toBeCloseTo(expected.f1PerClass[index], 6);
    }
  });

  it('F1, averaged over classes and over decisions', () => {
    expect(measure(f1.create(f1Options, {}), scores, multiHot)).toBeCloseTo(expected.f1Macro, 6);
    const micro = f1.create({ ...f1Options, average: 'micro' }, {});
    expect(measure(micro, scores, multiHot)).toBeCloseTo(expected.f1Micro, 6);
  });
});

it('F1 of class indices', () => {
  const { f1Macro, f1PerClass } = golden.metrics.single;
  const labels = indexTargets(golden.labels);
  expect(measure(f1.create(f1Options, {}), logits, labels)).toBeCloseTo(f1Macro, 6);
  expect(measure(f1.create({ ...f1Options, class: 2 }, {}), logits, labels)).toBeCloseTo(f1PerClass[2], 6);
});

it('a class the data does not have is refused', () => {
  const wanted = { class: 5 };
  expect(() => measure(meanAveragePrecision.create(wanted, {}), logits, multiHot)).toThrow(
    "metric 'map' asks for class 5 of 5",
  );
  expect(() => measure(f1.create({ ...f1Options, ...wanted }, {}), logits, multiHot)).toThrow(
    "metric 'f1' asks for class 5 of 5",
  );
});

/** As numpy rounds. */
function roundEven(x: number): number {
  const rounded = Math.round(x);
  return Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
