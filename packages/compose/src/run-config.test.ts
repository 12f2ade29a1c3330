import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { defineBackbone, defineDataset, definePlugin, type Split } from '@limbeck/core';
import { createHost, type Host, resolveConfig } from '@limbeck/core/host';
import type { RunDataset } from '@limbeck/data';
import { globalAveragePool, relu } from '@limbeck/graph';
import { referenceBackend } from '@limbeck/testkit';
import { type RunEvent, standardTraining } from '@limbeck/trainer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { composeRun } from './compose-run.js';
import { runConfig } from './run-config.js';

const net = defineBackbone({
  id: 'net',
  description: 'one convolution',
  encode: (m, image) => globalAveragePool(relu(m.conv('conv1', image, { out: 3, kernel: 3, padding: 1 }))),
  classify: (m, embedding, classes) => m.linear('fc', embedding, { out: classes }),
});

const split = (length: number): Split => ({
  length,
  labels: Int32Array.from({ length }, (_, i) => i % 2),
  read: (index, into, offset) => into.fill(index % 2 === 0 ? 40 : 200, offset, offset + 16),
});

const dataset: RunDataset = {
  classes: 2,
  classNames: ['dark', 'light'],
  imageShape: [1, 4, 4],
  normalization: { mean: [0.5], std: [0.25] },
  train: split(32),
  test: split(8),
  fingerprint: 'shades',
};

const shades = defineDataset({
  id: 'shades',
  description: 'two shades of grey',
  files: [],
  open: async () => dataset,
});

const parts = definePlugin({
  name: 'parts',
  api: 1,
  setup(host) {
    host.backbones.add(net);
    host.datasets.add(shades);
    host.backends.add(referenceBackend);
  },
});

const root = mkdtempSync(path.join(tmpdir(), 'limbeck-compose-'));
let host: Host;
beforeAll(async () => {
  const plugins = [standardTraining, parts].map((plugin) => ({ plugin, origin: 'here' }));
  host = await createHost({ plugins });
});
afterAll(async () => {
  await host.dispose();
  rmSync(root, { recursive: true });
});

const minimal = { data: { use: 'shades' }, student: { use: 'net' }, train: { epochs: 1, export: [] } };
const resolve = (changes: object) =>
  resolveConfig([minimal, changes].map((value, i) => ({ source: `layer ${i}`, value }))).config;
const folders = {
  dataDir: root,
  cacheDir: path.join(root, 'cache'),
  calibrationDir: path.join(root, 'int8'),
};

describe('composeRun', () => {
  it('takes every default from the schema', async () => {
    const spec = await composeRun(resolve({}), host, folders);
    expect(spec).toMatchObject({
      data: { batchSize: 64, evalBatchSize: 250, augment: [], views: undefined },
      optimizer: {
        contribution: { id: 'sgd' },
        options: { momentum: 0.9, weightDecay: 5e-4, nesterov: false },
      },
      lr: 0.05,
      schedule: { contribution: { id: 'constant' } },
      seed: 1,
      evaluate: { every: 1, splits: ['test'] },
      checkpoint: { everyEpochs: 1, keep: { last: 2, best: true } },
      taskWeight: undefined,
      teachers: [],
      placement: { backend: { id: referenceBackend.id } },
    });
    expect(spec.metrics.map(({ contribution }) => contribution.id)).toEqual(['top1']);
    const { train: learnt, test: held, ...facts } = dataset;
    expect(spec.data.dataset).toMatchObject(facts);
    expect([spec.data.dataset.train, spec.data.dataset.test]).toEqual([learnt, held]);
  });

  it("puts a configuration's normalisation in place of the data's", async () => {
    const normalization = { mean: [0.1], std: [0.9] };
    const { data } = await composeRun(resolve({ data: { normalization } }), host, folders);
    expect(data.dataset).toMatchObject({ classNames: dataset.classNames, normalization });
  });

  it.each<[string, object, string]>([
    ['an unknown student', { student: { use: 'nett' } }, 'UNKNOWN_ID'],
    ['an unknown option', { train: { optimizer: { use: 'sgd', lr: 1, momentun: 0.9 } } }, 'UNKNOWN_OPTION'],
    ['a wrong option', { data: { augment: [{ use: 'flip', p: 2 }] } }, 'CONFIG_INVALID'],
    ['an unknown backend', { backend: 'abacus' }, 'UNKNOWN_ID'],
  ])('refuses %s', async (_, changes, code) => {
    await expect(composeRun(resolve(changes), host, folders)).rejects.toMatchObject({ code });
  });
});

describe('runConfig', () => {
  const order = (name: string) => ({ cwd: root, env: {}, out: name, origin: { file: 'here' } });

  it('trains with parts and their options, and records what it did', async () => {
    const events: RunEvent[] = [];
    const changes = {
      data: { batchSize: 8, augment: [{ use: 'pad-crop', pad: 1 }, 'flip'] },
      train: {
        optimizer: { use: 'adamw', lr: 0.01, weightDecay: 0.1 },
        schedule: { use: 'linear-warmup', epochs: 0.5 },
        evaluate: { metrics: ['nll'] },
      },
    };
    const notes: string[] = [];
    const result = await runConfig(resolve(changes), host, {
      ...order('trained'),
      onEvent: (event) => events.push(event),
      note: (text) => notes.push(text),
    });
    const rates = events.flatMap((event) => (event.type === 'step' ? [event.lr] : []));
    expect(rates).toHaveLength(4);
    expect(rates[0]).toBeLessThan(rates[1]!);
    expect(Object.keys(result.last)).toEqual(['nll']);
    expect(notes).toEqual([expect.stringContaining(`student on ${referenceBackend.id}`)]);
    const written = (name: string) => JSON.parse(readFileSync(path.join(root, 'trained', name), 'utf8'));
    expect(written('config.json')).toMatchObject({ backend: { use: referenceBackend.id } });
    expect(written('environment.json')).toMatchObject({ config: { file: 'here' } });
  });

  it('refuses an augmentation too large for the images', async () => {
    const changes = { data: { batchSize: 8, augment: ['pad-crop'] } };
    await expect(runConfig(resolve(changes), host, order('large'))).rejects.toMatchObject({
      code: 'PRECONDITION',
    });
  });
});
