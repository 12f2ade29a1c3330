import { createHash } from 'node:crypto';
import type { SampleRandom } from '@limbeck/core';
import { describe, expect, test } from 'vitest';
import { sampleRandom } from '../random.js';
import { rotate, shearX, shearY, translateX, translateY } from './affine-changes.js';
import { cutout } from './cutout.js';
import { randAugment } from './rand-augment.js';
import {
  brighten,
  contrasting,
  darkening,
  desaturating,
  equalizing,
  flattening,
  posterizing,
  softening,
  solarizing,
  spreading,
} from './tone-changes.js';

const picture = (...rows: number[][]) => Uint8Array.from(rows.flat());

/** What a change makes of a picture. */
const after = (
  change: (image: Uint8Array, strength: number) => void,
  strength: number,
  ...rows: number[][]
) => {
  const image = picture(...rows);
  change(image, strength);
  return [...image];
};

describe('tone', () => {
  test.each([
    ['brightness', brighten, 0.5, [0, 100, 200], [0, 145, 255]],
    ['brightness', brighten, -1, [0, 100, 200], [0, 10, 20]],
    ['contrast', contrasting(1), -1, [0, 100, 200], [90, 100, 110]],
    ['contrast', contrasting(1), 0, [0, 100, 200], [0, 100, 200]],
    ['solarize', solarizing, 0.5, [100, 127, 128, 255], [100, 127, 127, 0]],
    ['solarize', solarizing, 0, [0, 255], [0, 255]],
    ['posterize', posterizing, -1, [15, 16, 255], [0, 16, 240]],
    ['posterize', posterizing, 0.1, [15, 16, 255], [15, 16, 255]],
    ['auto-contrast', spreading(1), 0, [50, 75, 100], [0, 127, 254]],
    ['auto-contrast by channel', spreading(2), 0, [50, 100, 7, 7], [0, 254, 7, 7]],
    ['equalize of few pixels', equalizing(1), 0, [10, 20, 200], [10, 20, 200]],
    // factors of 0.05, 0.5 and 0.95
    ['darken', darkening, -1, [0, 100, 200], [0, 5, 10]],
    ['darken', darkening, 1, [0, 100, 200], [0, 95, 190]],
    ['flatten', flattening(1), 0, [0, 100, 200], [50, 100, 150]],
    ['desaturate', desaturating(3), 0, [200, 100, 0], [159, 109, 59]],
    ['desaturate what has no colour', desaturating(1), 0, [200, 100, 0], [200, 100, 0]],
    // (4 * 130 + 130) / 13 = 50 in the middle, the border stays
    ['soften', softening([1, 3, 3]), 0, [0, 0, 0, 0, 130, 0, 0, 0, 0], [0, 0, 0, 0, 90, 0, 0, 0, 0]],
    ['equalize of one value', equalizing(1), 0, [10, 10], [10, 10]],
  ] as const)('%s', (_, change, strength, before, wanted) => {
    expect(after(change, strength, [...before])).toEqual(wanted);
  });
});

describe('geometry', () => {
  const shape = [1, 3, 3] as const;
  const original = [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ];

  test.each([
    ['translateX', translateX(shape), 1, [2, 3, 0, 5, 6, 0, 8, 9, 0]],
    ['translateX', translateX(shape), -1, [0, 1, 2, 0, 4, 5, 0, 7, 8]],
    ['translateY', translateY(shape), 1, [4, 5, 6, 7, 8, 9, 0, 0, 0]],
    ['rotate by nothing', rotate(shape), 0, original.flat()],
    ['shearX too little to see', shearX(shape), 1, original.flat()],
  ] as const)('%s', (_, change, strength, wanted) => {
    expect(after(change, strength, ...original)).toEqual(wanted);
  });

  test('shears slide rows and columns by their distance from the middle', () => {
    const square = [1, 5, 5] as const;
    const image = Uint8Array.from({ length: 25 }, (_, i) => i + 1);
    const [rows, columns] = [image.slice(), image.slice()];
    shearX(square)(rows, 1);
    shearY(square)(columns, 1);
    // 0.3 x 2 rounds to a pixel, 0.3 x 1 to none
    expect([...rows.subarray(20)]).toEqual([22, 23, 24, 25, 0]);
    expect([...rows.subarray(5, 20)]).toEqual([...image.subarray(5, 20)]);
    const column = (of: Uint8Array, c: number) => [0, 1, 2, 3, 4].map((r) => of[5 * r + c]);
    expect(column(columns, 4)).toEqual([10, 15, 20, 25, 0]);
    expect(column(columns, 2)).toEqual(column(image, 2));
  });

  test('a rotation turns all channels alike about the middle', () => {
    const bar = [
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
      [9, 9, 9, 9, 9],
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
    ];
    const turned = after(rotate([2, 5, 5]), 1, ...bar, ...bar);
    expect(turned.slice(0, 25)).toEqual(turned.slice(25));
    expect(turned[12]).toBe(9);
    // 30 degrees: two columns from the middle the bar lies a row higher or lower
    expect([turned[9], turned[15]]).toEqual(turned[5] === 9 ? [0, 0] : [9, 9]);
  });
});

/** Hands out numbers fixed in advance. */
function scripted(...values: number[]): SampleRandom {
  const next = () => values.shift()!;
  return { int: next, uniform: next };
}

describe('cutout', () => {
  test('blackens a square around the drawn place, as far as it lies inside, in all channels', () => {
    const cut = cutout.create({ size: 0.5, drawn: false, fill: 0 }, [2, 4, 4]);
    const image = new Uint8Array(32).fill(1);
    cut(image, scripted(0, 3));
    const rows = [0, 1, 2, 3, 4, 5, 6, 7].map((row) => image.slice(4 * row, 4 * row + 4).join(''));
    expect(rows).toEqual(['1100', '1111', '1111', '1111', '1100', '1111', '1111', '1111']);
  });

  test('draws the side and fills with colours where it is told to', () => {
    const fill = [7, 8];
    const cut = (channels: number, share: number) => {
      const image = new Uint8Array(channels * 16).fill(1);
      // the side comes first: a share of up to half of four pixels
      cutout.create({ size: 0.5, drawn: true, fill }, [channels, 4, 4])(image, scripted(share, 1, 1));
      return [...image].filter((value) => value !== 1);
    };
    expect(cut(2, 0.5)).toEqual([7, 8]);
    expect(cut(2, 0.9)).toEqual([7, 7, 7, 7, 8, 8, 8, 8]);
    expect(cut(1, 0.5)).toEqual([8]);
    expect(cut(2, 0.2)).toEqual([]);
  });

  test('covers half of the shorter side by default', async () => {
    expect(await cutout.options!['~standard'].validate({})).toEqual({
      value: { size: 0.5, drawn: false, fill: 0 },
    });
    expect(await cutout.options!['~standard'].validate({ size: 0 })).toHaveProperty('issues');
  });
});

describe('rand-augment', () => {
  const shape = [3, 8, 8] as const;
  const original = Uint8Array.from({ length: 192 }, (_, i) => (i * 37) % 251);
  const change = randAugment.create({ count: 2, magnitude: 1, list: 'any-channels' }, shape);
  const drawn = (sample: number) => {
    const image = original.slice();
    change(image, sampleRandom(1, 0, sample, 0));
    return createHash('sha256').update(image).digest('hex');
  };

  test('gives the same picture for the same draw, and others for others', () => {
    expect(drawn(3)).toBe(drawn(3));
    const seen = new Set(Array.from({ length: 60 }, (_, sample) => drawn(sample)));
    expect(seen.size).toBeGreaterThan(45);
  });

  test('applies as many changes as asked for', () => {
    const image = original.slice();
    randAugment.create({ count: 2, magnitude: 0.5, list: 'any-channels' }, shape)(
      image,
      scripted(3, 1, 5, 0),
    );
    // brightness at strength 0.5, then posterize at -0.5
    expect(image[1]).toBe((Math.min(255, Math.round(37 * 1.45)) >> 2) << 2);
  });
});
