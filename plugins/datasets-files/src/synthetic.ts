import { defineDataset, type Split } from '@limbeck/core';
import { z } from 'zod';

interface Options {
  readonly size: number;
  readonly channels: 1 | 3;
  readonly classes: number;
  readonly train: number;
  readonly test: number;
  readonly noise: number;
}

/** A number in [0, 1) that follows from whole numbers: no two neighbours are alike. */
function hashed(a: number, b: number): number {
  let x = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return ((x ^ (x >>> 15)) >>> 0) / 0x1_0000_0000;
}

/** Stripes whose direction and width tell the class, with a colour and a phase of their own, under noise. */
function draw(
  { size, channels, classes, noise }: Options,
  sample: number,
  label: number,
  into: Uint8Array,
): void {
  const angle = (Math.PI * label) / classes;
  const waves = 2 + (label % 3);
  const [across, down] = [(Math.cos(angle) * waves) / size, (Math.sin(angle) * waves) / size];
  const phase = hashed(sample, 1);
  const plane = size * size;
  for (let channel = 0; channel < channels; channel++) {
    const strength = 60 + 60 * hashed(sample, 2 + channel);
    for (let i = 0; i < plane; i++) {
      const wave = Math.sin(2 * Math.PI * ((i % size) * across + Math.floor(i / size) * down + phase));
      const grain = 255 * noise * (hashed(sample * channels + channel, i + 8) - 0.5);
      into[channel * plane + i] = Math.max(0, Math.min(255, Math.round(128 + strength * wave + grain)));
    }
  }
}

function split(options: Options, length: number, first: number): Split {
  const { size, channels, classes } = options;
  const values = Int32Array.from({ length }, (_, sample) => sample % classes);
  const one = channels * size * size;
  return {
    length,
    targets: { kind: 'index', values },
    read(index, into, offset) {
      draw(options, first + index, values[index]!, into.subarray(offset, offset + one));
    },
  };
}

/** Made pictures, for tests and benchmarks: nothing is read, and every sample follows from its number. */
export const synthetic = defineDataset<Options>({
  id: 'synthetic',
  description:
    'Made pictures of any size and number of classes: stripes under noise, for tests and benchmarks.',
  options: z.strictObject({
    size: z.int().positive().max(4096).default(32).describe('height and width in pixels'),
    channels: z.union([z.literal(1), z.literal(3)]).default(3),
    classes: z.int().min(2).max(100_000).default(10),
    train: z.int().positive().default(1000).describe('training images'),
    test: z.int().positive().default(200).describe('test images'),
    noise: z.number().min(0).max(2).default(0.3).describe('strength of the noise, as a share of the values'),
  }),
  files: [],
  async open(options) {
    const { size, channels, classes, train, test } = options;
    return {
      classes,
      classNames: Array.from({ length: classes }, (_, label) => `stripes ${label}`),
      imageShape: [channels, size, size],
      normalization: { mean: Array(channels).fill(0.5), std: Array(channels).fill(0.25) },
      train: split(options, train, 0),
      test: split(options, test, train),
      fingerprint: `synthetic-1:${JSON.stringify(options)}`,
    };
  },
});
