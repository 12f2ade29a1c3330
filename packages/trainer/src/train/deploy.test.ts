import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors } from '@limbeck/formats';
import { referenceBackend } from '@limbeck/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../run/events.js';
import type { RunSpec } from '../run/run-spec.js';
import { top1 } from '../standard/metrics.js';
import { readRunWeights } from '../store/run-weights.js';
import { readLines, temporaryFolder } from '../testing/run-files.js';
import { toyDataset } from '../testing/toy-data.js';
import { toySpec } from '../testing/toy-run.js';
import { readWeightsFile } from '../weights/read.js';
import { train } from './loop.js';

let root: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  root = temporaryFolder();
});
afterEach(() => root.remove());

/** The fewer it gets right the better: its best epoch is not the last. */
const contrary = { contribution: { ...top1, better: 'lower' as const }, options: {} };

const restless = (changes: Partial<RunSpec> = {}) =>
  toySpec(referenceBackend, { epochs: 4, metrics: [contrary], ...changes });

async function run(spec: RunSpec, name: string) {
  const folder = join(root.path, name);
  const events: RunEvent[] = [];
  const result = await train(spec, { folder, onEvent: (event) => events.push(event) });
  const tensors = (file: string) => readSafetensors(readFileSync(join(folder, file)), { source: file });
  return { folder, result, events, tensors };
}

const valuesOf = (tensors: ReadonlyMap<string, { data: ArrayLike<number> }>) =>
  [...tensors].map(([name, { data }]) => [name, Array.from(data)]);

type Tensors = ReadonlyMap<string, { data: ArrayLike<number> }>;

/** Those of the same names, in one order. */
const own = (tensors: Tensors, among: Tensors) =>
  valuesOf(new Map([...tensors].filter(([name]) => among.has(name)).sort(([a], [b]) => (a < b ? -1 : 1))));

describe('a finished run', () => {
  it('writes the last epoch, and the best beside it', async () => {
    const { result, tensors, folder } = await run(restless(), 'last');
    expect(result.best.epoch).toBeLessThan(4);
    const file = join(folder, 'student-best.safetensors');
    expect(result.exported).toMatchObject({
      ...{ epoch: 4, as: 'last', split: 'test', metrics: result.last },
      other: { epoch: result.best.epoch, as: 'best', file },
    });
    const { metadata } = tensors('student-best.safetensors');
    expect(metadata['limbeck.epoch']).toBe(String(result.best.epoch));
    const { epoch: _, ...best } = result.best;
    expect(JSON.parse(metadata['limbeck.metrics']!)).toEqual(best);
  });

  it('writes the best where that is deployed: the same bytes as a run that ended there', async () => {
    const last = await run(restless(), 'last');
    const best = await run(restless({ deploy: 'best' }), 'best');
    expect(best.result.exported).toMatchObject({ epoch: last.result.best.epoch, as: 'best' });
    expect(valuesOf(best.tensors('student.safetensors').tensors)).toEqual(
      valuesOf(last.tensors('student-best.safetensors').tensors),
    );
    expect(valuesOf(best.tensors('student-last.safetensors').tensors)).toEqual(
      valuesOf(last.tensors('student.safetensors').tensors),
    );
    expect(existsSync(join(best.folder, 'student-best.safetensors'))).toBe(false);
    expect(readFileSync(join(best.folder, 'run.log'), 'utf8')).toMatch(
      /files hold epoch \d, the best, chosen on the test split; epoch 4, the last, is in/,
    );
  });

  it('deploys averages of that epoch where averages are deployed', async () => {
    const ema = { decay: 0.5, warmup: false, deploy: true };
    const { result, tensors, folder } = await run(restless({ deploy: 'best', ema }), 'averaged');
    const { epoch } = result.exported;
    const line = readLines(join(folder, 'metrics.jsonl')).find(
      (event) =>
        (event as { type: string; epoch: number }).type === 'epoch' &&
        (event as { epoch: number }).epoch === epoch,
    );
    const written = tensors('student.safetensors').tensors;
    rmSync(join(folder, 'student.safetensors'));
    expect((line as { test: unknown }).test).toEqual(result.exported.metrics);
    // read again from the checkpoint, which holds trained and averaged weights
    const kept = readRunWeights(folder, epoch, 'student');
    expect(kept.source).toMatch(/checkpoints/);
    expect(own(kept.tensors, written)).toEqual(own(written, written));
    // and as a file among others
    expect(own(readWeightsFile(kept.source).tensors, written)).toEqual(own(written, written));
  });

  it('names the split that the best epoch was chosen on', async () => {
    const dataset = { ...toyDataset(), evaluated: 'validation' };
    const spec = restless({ deploy: 'best' });
    const { result } = await run({ ...spec, data: { ...spec.data, dataset } }, 'validated');
    expect(result.exported.split).toBe('validation');
  });

  it('writes one file where both are the same epoch', async () => {
    const { result, folder } = await run(restless({ epochs: 1 }), 'one');
    expect(result.exported).toEqual({ epoch: 1, as: 'last', split: 'test', metrics: result.last });
    expect(existsSync(join(folder, 'student-best.safetensors'))).toBe(false);
  });

  it('says which of its files is missing', async () => {
    await expect(
      run(
        restless({ deploy: 'best', checkpoint: { everyEpochs: 1, keep: { last: 2, best: false } } }),
        'none',
      ),
    ).rejects.toThrow(/deploy is 'best', but the best checkpoint is not kept/);
  });
});

describe('weights of a run', () => {
  it('are those of its last, best or any kept epoch, from files or checkpoints alike', async () => {
    const { folder, result, tensors } = await run(
      restless({ checkpoint: { everyEpochs: 1, keep: { last: 2, best: true, everyEpochs: 1 } } }),
      'kept',
    );
    const best = tensors('student-best.safetensors').tensors;
    expect(valuesOf(readRunWeights(folder, 'best').tensors)).toEqual(valuesOf(best));
    expect(readRunWeights(folder, 'last').source).toBe(join(folder, 'student.safetensors'));
    rmSync(join(folder, 'student-best.safetensors'));
    const again = readRunWeights(folder, result.best.epoch, 'student');
    expect(again.source).toMatch(/checkpoints/);
    expect(own(again.tensors, best)).toEqual(own(best, best));
    expect(again.metadata!['limbeck.epoch']).toBe(String(result.best.epoch));
  });

  it('that are not kept are refused with those that are', async () => {
    const { folder, result } = await run(restless({ epochs: 6 }), 'pruned');
    const missing = [1, 2, 3, 4].find((epoch) => epoch !== result.best.epoch)!;
    const kept = [...new Set([result.best.epoch, 5, 6])].sort((a, b) => a - b).join(', ');
    expect(() => readRunWeights(folder, missing)).toThrow(
      expect.objectContaining({
        code: 'NOT_FOUND',
        hint: expect.stringContaining(`it keeps epochs ${kept}`),
      }),
    );
    expect(() => readRunWeights(folder, 9)).toThrow(/does not hold the weights of epoch 9/);
  });
});
