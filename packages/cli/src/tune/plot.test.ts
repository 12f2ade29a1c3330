import { describe, expect, it } from 'vitest';
import type { TunedSize, TuneResult } from '../worker/tune-task.js';
import { linearAxis, logAxis } from './axis.js';
import { onFront } from './front.js';
import { placeLabels } from './label-places.js';
import { plotTuned } from './plot.js';

describe('the Pareto front', () => {
  it('has what nothing else beats for less', () => {
    const candidates = [
      { cost: 1, merit: 0.5 },
      { cost: 2, merit: 0.7 },
      { cost: 2, merit: 0.6 },
      { cost: 3, merit: 0.7 },
      { cost: 4, merit: 0.9 },
    ];
    expect(onFront(candidates)).toEqual([true, true, false, false, true]);
  });

  it('has equals together', () => {
    expect(
      onFront([
        { cost: 1, merit: 1 },
        { cost: 1, merit: 1 },
      ]),
    ).toEqual([true, true]);
  });
});

describe('an axis', () => {
  it('has round ticks', () => {
    const { ticks, at } = linearAxis([0.72, 0.79], [0, 100]);
    expect(ticks.map((tick) => tick.toFixed(2))).toEqual(['0.72', '0.74', '0.76', '0.78']);
    expect(at(0.755)).toBeCloseTo(50, 9);
  });

  it('has finer ticks where the range is small', () => {
    expect(logAxis([1e6, 1e9], [0, 1]).ticks).toContain(2e7);
    expect(logAxis([1.2e6, 4.1e6], [0, 1]).ticks.map((tick) => tick / 1e6)).toEqual([1.5, 2, 3, 4]);
  });

  it('takes a single value', () => {
    expect(linearAxis([0.5], [0, 100]).at(0.5)).toBeCloseTo(50, 9);
    expect(logAxis([1000], [0, 100]).at(1000)).toBeCloseTo(50, 9);
  });
});

it('labels evade points and each other', () => {
  const places = placeLabels(
    [
      [0, 0],
      [12, -10],
      [0, 40],
    ],
    { width: 18, height: 10 },
  );
  expect(places[0]).toEqual({ x: 8, y: 15, anchor: 'start' });
  expect(places[2]).toEqual({ x: 8, y: 33, anchor: 'start' });
});

describe('the plot', () => {
  const model = (label: string, last: number, parameters: number) => ({
    label,
    id: 'resnet8x4',
    last,
    parameters,
    macs: 1e6,
    latencyMs: 1 + parameters / 1e6,
  });
  const sized = (projectors: number, last: number, parameters: number, onIt: boolean): TunedSize => ({
    ...model(`q${projectors}`, last, parameters),
    projectors,
    reduction: 2,
    front: { parameters: onIt, latency: projectors === 2 },
  });
  const result: TuneResult = {
    folder: 'x',
    metric: 'top1',
    format: { as: 'percent' },
    better: 'higher',
    teachers: [model('<big> & old', 0.79, 7e6)],
    student: { ...model('student alone', 0.72, 1.2e6), front: { parameters: true, latency: false } },
    sizes: [sized(1, 0.75, 1.4e6, true), sized(2, 0.74, 1.6e6, false), sized(3, 0.77, 2e6, true)],
  };

  it('fills and joins those on the front, of parameters in one panel and of latency in the other', () => {
    const svg = plotTuned(result);
    const filled = [...svg.matchAll(/<circle[^>]*fill="(#[0-9a-f]{6})"[^>]*><title>/g)].map(
      ([, fill]) => fill,
    );
    expect(filled).toEqual(['#0072b2', '#ffffff', '#009e73', '#ffffff', '#d55e00', '#ffffff']);
    const paths = [...svg.matchAll(/<path d="M([^"]+)"/g)].map(([, path]) => path!.split(' L').length);
    // the student alone is a choice as well
    expect(paths).toEqual([3, 1]);
  });

  it('says what its axes hold, in which units, and marks the student alone', () => {
    const svg = plotTuned(result);
    for (const title of [
      'top1 on the test images',
      'parameters of the deployed model',
      'latency of one image alone, ms',
    ]) {
      expect(svg).toContain(title);
    }
    expect(
      svg.match(/<rect[^>]*><title>student alone: 72.00 %, 1,200,000 parameters, 2.20 ms/g),
    ).toHaveLength(2);
  });

  it('draws everything inside of the picture, and no label as markup', () => {
    const svg = plotTuned(result);
    for (const [, x] of svg.matchAll(/ c?x="([^"]+)"/g)) expect(Number(x)).toBeLessThan(1180);
    for (const [, y] of svg.matchAll(/ c?y="([^"]+)"/g)) expect(Number(y)).toBeLessThan(500);
    expect(svg).toContain('&#60;big&#62; &#38; old');
    expect(svg).not.toContain('NaN');
  });
});
