import { expect, test } from 'vitest';
import { calibrationBatches } from './open-teacher.js';

const side = 1024;
const split = {
  length: 100,
  labels: new Int32Array(100),
  read: (_: number, into: Uint8Array, offset: number) => void into.fill(1, offset, offset + 3 * side * side),
};
const dataset = {
  ...{ classes: 1, classNames: ['a'], imageShape: [3, side, side] as const, train: split, test: split },
  normalization: { mean: [0, 0, 0], std: [1, 1, 1] },
  fingerprint: 'large',
};

test('images to calibrate with are held in memory, and too many are refused before any is loaded', async () => {
  const source = { data: { dataset, batchSize: 1 }, seed: 1 };
  await expect(calibrationBatches(source, 90)).rejects.toMatchObject({
    code: 'PRECONDITION',
    message: expect.stringContaining('90 images [3, 1024, 1024] to calibrate with take 1132462080 bytes'),
    hint: 'say calibration.images: 85 or less',
  });
  expect(await calibrationBatches(source, 2)).toHaveLength(2);
});
