import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LimbeckError } from '@limbeck/core';
import { createTrainLoader, flip, Loading, namedNormalizations, randomResizedCrop } from '@limbeck/data';
import sharp from 'sharp';

/** Something that brings pictures to 224 x 224. */
export interface LoaderContestant {
  readonly name: string;
  /** Loads every picture once. @returns images a second */
  measure(): Promise<number>;
  stop(): Promise<void>;
}

const size = 224;
/** Images of a batch. */
export const batchSize = 32;
const scale: readonly [number, number] = [0.08, 1];
const ratio: readonly [number, number] = [3 / 4, 4 / 3];

/** Our loader, as a run uses it: random windows, flips, normalised floats, in worker threads. */
export function ours(files: readonly string[], workers: number): LoaderContestant {
  const loading = new Loading({ workers });
  const loader = createTrainLoader({
    split: { length: files.length, open: (index) => ({ file: files[index]! }) },
    ...{ loading, batchSize, seed: 1, imageShape: [3, size, size] },
    before: { channels: 3, size: undefined },
    normalization: namedNormalizations.imagenet!,
    augment: [
      { contribution: randomResizedCrop, options: { size, scale, ratio, filter: 'bilinear' } },
      { contribution: flip, options: { p: 0.5 } },
    ],
  });
  let epoch = 0;
  return {
    name: 'limbeck',
    async measure() {
      // what was loaded ahead is not measured
      await loader.batch(epoch, 0);
      const started = performance.now();
      for (let step = 1; step < loader.batchesPerEpoch; step++) await loader.batch(epoch, step);
      epoch++;
      return (1000 * batchSize * (loader.batchesPerEpoch - 1)) / (performance.now() - started);
    },
    stop: () => loading.dispose(),
  };
}

/** What `sharp` decodes and resizes on all cores: the same windows, no flips, no floats. */
export function bareSharp(files: readonly string[], workers: number): LoaderContestant {
  sharp.cache(false);
  sharp.concurrency(1);
  let state = 7;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const windowOf = () => {
    const area = 500 * 375 * (scale[0] + random() * (scale[1] - scale[0]));
    const aspect = Math.exp(Math.log(ratio[0]) + random() * (Math.log(ratio[1]) - Math.log(ratio[0])));
    const width = Math.min(500, Math.round(Math.sqrt(area * aspect)));
    const height = Math.min(375, Math.round(Math.sqrt(area / aspect)));
    const [left, top] = [Math.floor(random() * (501 - width)), Math.floor(random() * (376 - height))];
    return { left, top, width, height };
  };
  return {
    name: 'sharp',
    async measure() {
      const started = performance.now();
      let next = 0;
      const lane = async () => {
        while (next < files.length) {
          const file = files[next++]!;
          await sharp(file)
            .extract(windowOf())
            .resize(size, size, { kernel: 'linear', fit: 'fill', fastShrinkOnLoad: false })
            .raw()
            .toBuffer();
        }
      };
      await Promise.all(Array.from({ length: workers }, lane));
      return (1000 * files.length) / (performance.now() - started);
    },
    stop: async () => undefined,
  };
}

/** PyTorch's DataLoader with torchvision's `decode_image` and v2 transforms, in a process of its own. */
export function pytorch(python: string, folder: string, workers: number): LoaderContestant {
  const script = fileURLToPath(new URL('../../peers/loader.py', import.meta.url));
  const child: ChildProcess = spawn(python, [script, folder, String(batchSize), String(workers)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    errors = `${errors}${chunk}`.slice(-2000);
  });
  child.on('error', (error) => {
    errors += error.message;
  });
  child.stdin!.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    name: 'pytorch',
    async measure() {
      child.stdin!.write('measure\n');
      const { value, done } = await lines.next();
      if (done !== true) return Number(value);
      throw new LimbeckError('BACKEND_FAILED', `pytorch stopped: ${errors.trim()}`, {
        hint: 'set LIMBECK_PYTHON to a Python with PyTorch 2 and torchvision',
      });
    },
    async stop() {
      child.stdin!.end();
      child.kill();
    },
  };
}
