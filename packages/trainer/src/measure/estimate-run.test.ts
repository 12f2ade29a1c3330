import { join } from 'node:path';
import { referenceBackend } from '@limbeck/testkit';
import { afterAll, expect, test } from 'vitest';
import { cachedSpec } from '../testing/cached-spec.js';
import { temporaryFolder } from '../testing/run-files.js';
import { toySpec } from '../testing/toy-run.js';
import { train } from '../train/loop.js';
import { estimateRun } from './estimate-run.js';

const root = temporaryFolder();
afterAll(() => root.remove());

test('counts steps and evaluations, and times them', async () => {
  const found = await estimateRun(toySpec(referenceBackend), { folder: root.path, steps: 2 });
  expect(found).toMatchObject({ stepsPerEpoch: 3, epochs: 3, evaluations: 3 });
  const { total, ...parts } = found.seconds;
  expect(parts).toMatchObject({ caches: 0 });
  expect(parts.train).toBeCloseTo((9 * found.steps.stepMs) / 1000, 6);
  expect(parts.evaluate).toBeGreaterThan(0);
  expect(Object.values(parts).reduce((sum, value) => sum + value, 0)).toBeCloseTo(total, 9);
  expect(found.memory).toBeGreaterThan(1e7);
  expect(found.disk).toMatchObject({ caches: 0, free: expect.any(Number) });
});

test('a cache is counted once, and not in every step; a full one costs nothing', async () => {
  const spec = cachedSpec(referenceBackend, { dir: join(root.path, 'cache') });
  const [options, live] = [{ folder: root.path, steps: 2 }, cachedSpec(referenceBackend, undefined)];
  const found = await estimateRun(spec, options);
  const floats = found.disk.caches / 4;
  // 27 images under two draws, each with some floats
  expect(floats % 54).toBe(0);
  expect(floats).toBeGreaterThan(0);
  expect(found.seconds.caches).toBeGreaterThan(0);
  expect((await estimateRun(live, options)).disk.caches).toBe(0);
  await train(spec, { folder: join(root.path, 'run') });
  const full = await estimateRun(spec, options);
  expect(full.disk.caches).toBe(0);
  expect(full.seconds.caches).toBe(0);
});
