import type { SampleRandom } from '@limbeck/core';
import { describe, expect, test } from 'vitest';
import { sampleRandom } from '../random.js';
import { flip } from './flip.js';
import { padCrop } from './pad-crop.js';

/** Hands out numbers fixed in advance. */
function scripted(...values: number[]): SampleRandom {
  const next = () => {
    const value = values.shift();
    if (value === undefined) throw new Error('more draws than scripted');
    return value;
  };
  return { int: next, uniform: next };
}

const picture = (...rows: number[][]) => Uint8Array.from(rows.flat());

describe('pad-crop', () => {
  const crop = padCrop.create({ pad: 1 }, [1, 3, 3]);
  const original = [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ];

  test.each([
    [
      0,
      0,
      [
        [5, 6, 0],
        [8, 9, 0],
        [0, 0, 0],
      ],
    ],
    [
      0,
      1,
      [
        [4, 5, 6],
        [7, 8, 9],
        [0, 0, 0],
      ],
    ],
    [1, 1, original],
    [
      2,
      1,
      [
        [0, 0, 0],
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    [
      1,
      2,
      [
        [0, 1, 2],
        [0, 4, 5],
        [0, 7, 8],
      ],
    ],
    [
      2,
      2,
      [
        [0, 0, 0],
        [0, 1, 2],
        [0, 4, 5],
      ],
    ],
  ])('draws (%i, %i) move the image', (down, right, expected) => {
    const image = picture(...original);
    crop(image, scripted(down, right));
    expect(image).toEqual(picture(...expected));
  });

  test('moves all channels alike', () => {
    const image = picture([1, 2], [3, 4], [5, 6], [7, 8]);
    padCrop.create({ pad: 1 }, [2, 2, 2])(image, scripted(1, 2));
    expect(image).toEqual(picture([0, 1], [0, 3], [0, 5], [0, 7]));
  });

  test('reaches all (2 pad + 1)^2 places', () => {
    const places = new Set<string>();
    for (let sample = 0; sample < 200; sample++) {
      const image = picture(...original);
      crop(image, sampleRandom(0, 0, sample, 0));
      places.add(image.join());
    }
    expect(places.size).toBe(9);
  });

  test('refuses a pad that could move the whole image out', () => {
    expect(() => padCrop.create({ pad: 3 }, [1, 3, 8])).toThrow('pad 3 could crop a 3 x 8 image away');
  });

  test('pad defaults to 4; unknown options are refused', async () => {
    expect(await padCrop.options!['~standard'].validate({})).toEqual({ value: { pad: 4 } });
    expect(await padCrop.options!['~standard'].validate({ padding: 4 })).toHaveProperty('issues');
  });
});

describe('flip', () => {
  const mirror = flip.create({ p: 0.5 }, [2, 1, 3]);

  test('mirrors rows when the draw is below p, and only then', () => {
    const image = picture([1, 2, 3], [4, 5, 6]);
    mirror(image, scripted(0.5));
    expect(image).toEqual(picture([1, 2, 3], [4, 5, 6]));
    mirror(image, scripted(0.49));
    expect(image).toEqual(picture([3, 2, 1], [6, 5, 4]));
  });

  test('p 0 never, p 1 always mirrors', () => {
    const image = picture([1, 2, 3], [4, 5, 6]);
    flip.create({ p: 0 }, [2, 1, 3])(image, scripted(0));
    expect(image[0]).toBe(1);
    flip.create({ p: 1 }, [2, 1, 3])(image, scripted(0.999));
    expect(image[0]).toBe(3);
  });

  test('p defaults to one half', async () => {
    expect(await flip.options!['~standard'].validate({})).toEqual({ value: { p: 0.5 } });
  });
});
