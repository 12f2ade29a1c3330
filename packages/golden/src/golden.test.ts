import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { onnxBackend } from '@limbeck/backend-onnx';
import type { ComputeBackend } from '@limbeck/core/backend';
import type { Host } from '@limbeck/core/host';
import { referenceBackend } from '@limbeck/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGoldenHost, type Outcome, runGolden } from './index.js';

const folder = fileURLToPath(new URL('../../../test/golden', import.meta.url));

let host: Host;
let scratch: string;
beforeAll(async () => {
  host = await createGoldenHost();
  scratch = await mkdtemp(path.join(tmpdir(), 'limbeck-golden-'));
});
afterAll(async () => {
  await host.dispose();
  await rm(scratch, { recursive: true });
});

async function outcomesOf(from: string, backend: ComputeBackend): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for await (const outcome of runGolden(from, { host, backend })) outcomes.push(outcome);
  return outcomes;
}

/** A golden folder with one file, changed. */
async function edited(file: string, edit: (content: never) => unknown): Promise<string> {
  const target = await mkdtemp(path.join(scratch, 'case-'));
  const content = JSON.parse(await readFile(path.join(folder, file), 'utf8'));
  await writeFile(path.join(target, file), JSON.stringify(edit(content as never)));
  return target;
}

describe('golden numbers of the published PyTorch code', () => {
  test('the ONNX backend meets every case there is a model or loss for', { timeout: 180_000 }, async () => {
    const outcomes = await outcomesOf(folder, onnxBackend);
    expect(outcomes.filter(({ status }) => status === 'out-of-tolerance' || status === 'unreadable')).toEqual(
      [],
    );
    const met = outcomes.filter(({ status }) => status === 'ok').map(({ name }) => name);
    expect(met).toMatchInlineSnapshot(`
      [
        "backbones/resnet8",
        "backbones/resnet14",
        "backbones/resnet20",
        "backbones/resnet32",
        "backbones/resnet56",
        "backbones/resnet110",
        "backbones/resnet8x4",
        "backbones/resnet32x4",
        "backbones/wrn_16_1",
        "backbones/wrn_16_2",
        "backbones/wrn_40_1",
        "backbones/wrn_40_2",
        "backbones/vgg8",
        "backbones/vgg11",
        "backbones/vgg13",
        "backbones/MobileNetV2",
        "backbones/ShuffleV1",
        "backbones/ShuffleV2",
        "backbones/ResNet50",
        "losses/cross-entropy",
        "losses/kd",
        "losses/kd-T2",
        "losses/dkd",
        "losses/kd-projected-logits",
        "losses/projector-ensemble-q1",
        "losses/projector-ensemble-q2",
        "losses/projector-ensemble-q3",
        "losses/projector-ensemble-q4",
        "losses/hint-mse",
        "losses/attention",
        "losses/similarity",
        "losses/correlation",
        "losses/pkt",
        "losses/rkd",
        "losses/nst",
        "losses/vid",
        "losses/reused-classifier-f1",
        "losses/reused-classifier-f2",
        "losses/reused-classifier-f4",
        "metrics/linearCKA",
        "metrics/ece15",
        "metrics/nll",
        "metrics/top1",
        "backbones/resnet18",
        "backbones/mobilenet_v2",
        "backbones/densenet121",
        "backbones/densenet201",
        "backbones/deit_tiny_patch16_224",
        "backbones/deit_tiny_distilled_patch16_224",
        "trajectory",
      ]
    `);
  });

  test('the reference interpreter meets the losses and a small network', { timeout: 60_000 }, async () => {
    const losses = await edited('losses.json', (content) => content);
    const small = await edited(
      'backbones.json',
      ({ seed, models }: { seed: number; models: { resnet8: unknown } }) => ({
        seed,
        models: { resnet8: models.resnet8 },
      }),
    );
    const outcomes = [
      ...(await outcomesOf(losses, referenceBackend)),
      ...(await outcomesOf(small, referenceBackend)),
    ];
    expect(outcomes.filter(({ status }) => status === 'out-of-tolerance' || status === 'unreadable')).toEqual(
      [],
    );
    expect(outcomes.filter(({ status }) => status === 'ok').length).toBeGreaterThan(6);
  });
});

describe('what does not fit', () => {
  test('a number a little off is out of tolerance, and named', async () => {
    const from = await edited('losses.json', (file: { cases: { kd: { loss: number } } }) => {
      file.cases.kd.loss *= 1.001;
      return { ...file, cases: { kd: file.cases.kd } };
    });
    const [outcome] = await outcomesOf(from, referenceBackend);
    expect(outcome).toMatchObject({ name: 'losses/kd', status: 'out-of-tolerance' });
    expect(outcome!.detail).toContain('loss');
  });

  test('an unknown model, an unknown file and a torn file are outcomes of their own', async () => {
    const from = await edited(
      'backbones.json',
      ({ seed, models }: { seed: number; models: { resnet8: object } }) => ({
        seed,
        models: { 'no-such-net': models.resnet8 },
      }),
    );
    await cp(path.join(folder, 'losses.json'), path.join(from, 'surprise.json'));
    await writeFile(path.join(from, 'trajectory.json'), '{ "seed": 1, ');
    const outcomes = await outcomesOf(from, referenceBackend);
    expect(outcomes.map(({ name, status }) => [name, status])).toEqual([
      ['backbones/no-such-net', 'unknown'],
      ['surprise.json', 'unknown'],
      ['trajectory.json', 'unreadable'],
    ]);
  });

  test('a file that is named and not there is an error; the others are left out', async () => {
    const context = { host, backend: referenceBackend };
    const names: string[] = [];
    for await (const { name } of runGolden(folder, context, { only: ['metrics'] })) names.push(name);
    expect(names.every((name) => name.startsWith('metrics/'))).toBe(true);
    const absent = runGolden(folder, context, { only: ['metrics', 'surprise'] }).next();
    await expect(absent).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('surprise.json'),
    });
  });

  test('a folder without golden files is an error', async () => {
    const empty = await mkdtemp(path.join(scratch, 'empty-'));
    await expect(outcomesOf(empty, referenceBackend)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
