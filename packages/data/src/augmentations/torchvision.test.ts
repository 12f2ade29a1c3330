import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { SampleRandom } from '@limbeck/core';
import { describe, expect, test } from 'vitest';
import { sampleRandom } from '../random.js';
import { affine, turned } from './affine.js';
import { colorJitter } from './color-jitter.js';
import { adjustHue } from './hue.js';
import { randomErasing } from './random-erasing.js';
import { rotation } from './rotation.js';
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  autoContrast,
  equalize,
  posterize,
  sharpness,
  solarize,
} from './tone.js';
import { trivialAugment, trivialChanges } from './trivial-augment.js';

const { height, width, made } = JSON.parse(
  await readFile(fileURLToPath(new URL('./expected/values.json', import.meta.url)), 'utf8'),
) as {
  height: number;
  width: number;
  made: readonly { change: string; channels: 1 | 3; value: number; data: string }[];
};

/** As make.py draws it. */
function picture(channels: number): Uint8Array {
  const image = new Uint8Array(channels * height * width);
  for (let c = 0, at = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) image[at] = (c * 71 + y * 29 + x * x * 7 + x * y * 3) % 256;
    }
  }
  return image;
}

/** Four of each channel, side by side. */
function tiled(image: Uint8Array, channels: number): Uint8Array {
  const plane = image.length / channels;
  return Uint8Array.from({ length: 4 * image.length }, (_, i) => {
    const [channel, inside] = [Math.floor(i / (4 * plane)), i % (4 * plane)];
    const [row, column] = [Math.floor(inside / (2 * width)) % height, (inside % (2 * width)) % width];
    return image[channel * plane + row * width + column]!;
  });
}

function changed(name: string, channels: 1 | 3, value: number): Uint8Array {
  const shape = [channels, height, width] as const;
  const image = picture(channels);
  const halved = image.map((byte) => (byte >> 1) + value);
  const onList = trivialChanges(shape).find((entry) => entry.name === name);
  const own: Record<string, () => void> = {
    brightness: () => adjustBrightness(image, value),
    contrast: () => adjustContrast(image, channels, value),
    saturation: () => adjustSaturation(image, channels, value),
    hue: () => adjustHue(image, channels, value),
    sharpness: () => sharpness(shape)(image, value),
    posterize: () => posterize(image, value),
    solarize: () => solarize(image, value),
    'rotate-bilinear': () => affine(shape, 'bilinear')(image, turned(value)),
  };
  if (name === 'auto-contrast') {
    autoContrast(halved, channels);
    return halved;
  }
  if (name === 'equalize') {
    const large = tiled(halved, channels);
    equalize(large, channels);
    return large;
  }
  (own[name] ?? (() => onList!.change(image, value)))();
  return image;
}

test.each(made)('$change by $value of $channels channels is what torchvision makes of it', (expected) => {
  const image = changed(expected.change, expected.channels, expected.value);
  const wanted = new Uint8Array(Buffer.from(expected.data, 'base64'));
  expect(image.length).toBe(wanted.length);
  expect([...image]).toEqual([...wanted]);
});

/** Hands out numbers fixed in advance, and says how many are left. */
function scripted(...values: number[]): SampleRandom {
  const next = () => values.shift()!;
  return { int: next, uniform: next };
}

const options = async (
  { options: schema }: { options?: { '~standard': { validate(value: unknown): unknown } } },
  given: object,
) => {
  const result = (await schema!['~standard'].validate(given)) as { value?: never; issues?: unknown };
  return result.issues === undefined ? result.value! : 'refused';
};

describe('options', () => {
  test('have the defaults of torchvision', async () => {
    expect(await options(rotation, { degrees: 15 })).toEqual({ degrees: [-15, 15], filter: 'nearest' });
    expect(await options(rotation, {})).toBe('refused');
    expect(await options(colorJitter, { brightness: 0.4, contrast: 3, hue: 0.1 })).toEqual({
      ...{ brightness: [0.6, 1.4], contrast: [0, 4], saturation: [1, 1], hue: [-0.1, 0.1] },
    });
    expect(await options(colorJitter, { hue: 0.6 })).toBe('refused');
    expect(await options(trivialAugment, {})).toEqual({ magnitudes: 31 });
    expect(await options(randomErasing, {})).toEqual({
      ...{ p: 0.5, scale: [0.02, 0.33], ratio: [0.3, 3.3], value: 0 },
    });
    expect(await options(randomErasing, { scale: [0.5, 0.1] })).toBe('refused');
  });
});

describe('color-jitter', () => {
  test('draws an order, then the factor of each change when its turn comes', () => {
    const jitter = colorJitter.create(
      { brightness: [0.5, 1.5], contrast: [1, 1], saturation: [0, 2], hue: [0, 0] },
      [3, height, width],
    );
    const [image, wanted] = [picture(3), picture(3)];
    // the second of two first, by 0.25 of its range; then the other by 0.75
    jitter(image, scripted(1, 0.25, 0, 0.75));
    adjustSaturation(wanted, 3, 0.5);
    adjustBrightness(wanted, 1.25);
    expect(image).toEqual(wanted);
  });

  test('refuses images that are neither grey nor colour', () => {
    const whole = [1, 1] as const;
    expect(() =>
      colorJitter.create({ brightness: whole, contrast: whole, saturation: whole, hue: [0, 0] }, [4, 8, 8]),
    ).toThrow('images have 4 channels');
  });
});

describe('random-erasing', () => {
  const given = { p: 1, scale: [0.25, 0.25], ratio: [1, 1], value: 9 } as const;

  test('overwrites a rectangle in all channels', () => {
    const image = new Uint8Array(2 * 4 * 4).fill(1);
    randomErasing.create({ ...given, value: [7, 8] }, [2, 4, 4])(image, scripted(0, 0, 0, 1, 2));
    const rows = [0, 1, 2, 3, 4, 5, 6, 7].map((row) => image.slice(4 * row, 4 * row + 4).join(''));
    expect(rows).toEqual(['1111', '1177', '1177', '1111', '1111', '1188', '1188', '1111']);
  });

  test('leaves an image alone with the probability it should, and where nothing fits', () => {
    const image = new Uint8Array(16);
    randomErasing.create({ ...given, p: 0.5 }, [1, 4, 4])(image, scripted(0.5));
    randomErasing.create({ ...given, scale: [1, 1] }, [1, 4, 4])(image, scripted(...Array(21).fill(0)));
    expect(image).toEqual(new Uint8Array(16));
  });

  test('erases the share of the image that is asked for, on average', () => {
    const erase = randomErasing.create({ ...given, scale: [0.02, 0.33], ratio: [0.3, 3.3] }, [1, 64, 64]);
    let erased = 0;
    for (let sample = 0; sample < 300; sample++) {
      const image = new Uint8Array(64 * 64);
      erase(image, sampleRandom(1, 0, sample, 0));
      erased += image.reduce((sum, value) => sum + value, 0) / 9;
    }
    // the mean of 2 % and 33 %, less what is drawn again because it is too long
    expect(erased / (300 * 64 * 64)).toBeGreaterThan(0.155);
    expect(erased / (300 * 64 * 64)).toBeLessThan(0.185);
  });
});

describe('trivial-augment', () => {
  test('applies one change of one of its magnitudes, half of them negated', () => {
    const shape = [3, height, width] as const;
    const augment = trivialAugment.create({ magnitudes: 31 }, shape);
    const [image, wanted] = [picture(3), picture(3)];
    const place = trivialChanges(shape).findIndex(({ name }) => name === 'brightness');
    augment(image, scripted(place, 15, 0));
    adjustBrightness(wanted, 1 - 0.99 / 2);
    expect(image).toEqual(wanted);
    // changes without a sign draw none
    const [other, posterized] = [picture(3), picture(3)];
    augment(other, scripted(10, 30));
    posterize(posterized, 2);
    expect(other).toEqual(posterized);
  });

  test('makes many pictures of one, the same for the same draw', () => {
    const augment = trivialAugment.create({ magnitudes: 31 }, [3, height, width]);
    const drawn = (sample: number) => {
      const image = picture(3);
      augment(image, sampleRandom(1, 0, sample, 0));
      return image.join();
    };
    expect(drawn(3)).toBe(drawn(3));
    expect(new Set(Array.from({ length: 60 }, (_, sample) => drawn(sample))).size).toBeGreaterThan(40);
  });
});

test('a rotation draws its angle between the two that are given', () => {
  const shape = [1, height, width] as const;
  const [image, wanted] = [picture(1), picture(1)];
  rotation.create({ degrees: [10, 30], filter: 'nearest' }, shape)(image, scripted(0.25));
  affine(shape)(wanted, turned(15));
  expect(image).toEqual(wanted);
});
