import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { dotsFolder, limbeck } from '../testing/command-line.js';
import { compareTask } from './compare-task.js';

let folder = '';
const run = (name: string) => path.join(folder, name);
const compare = (...names: string[]) =>
  compareTask(
    { cwd: folder, env: {}, runs: names.map((name) => [`student ${name}`, run(name)] as const) },
    { say: () => undefined, stopped: () => false },
  );

beforeAll(async () => {
  folder = dotsFolder({
    'distilled.yaml':
      'extends: ./limbeck.config.yaml\nteacher: { use: speck, weights: alone/student.safetensors }\ndistiller: projector-ensemble',
  });
  await limbeck(['train', '--out', 'alone', '--set', 'train.epochs=6'], folder);
  await limbeck(['train', 'distilled.yaml', '--out', 'distilled'], folder);
});

describe('a comparison', () => {
  it('sets students beside their teacher, and checks what they exported', async () => {
    const { samples, models } = await compare('alone', 'distilled');
    expect(samples).toBe(20);
    expect(models.map(({ label, id, parameters, macs }) => ({ label, id, parameters, macs }))).toEqual(
      ['teacher', 'student alone', 'student distilled'].map((label) => ({
        label,
        id: 'speck',
        parameters: 170,
        macs: 704,
      })),
    );
    const [teacher, alone, distilled] = models;
    expect(teacher!.top1).toBe(alone!.top1);
    for (const { latencyMs } of models) expect(latencyMs).toBeGreaterThan(0);
    for (const { exported } of [alone!, distilled!]) {
      expect(exported!.predictions).toBe(1);
      expect(exported!.logits).toBeLessThan(1e-4);
    }
    expect(distilled!.exported!.file).toBe(path.join(run('distilled'), 'student.onnx'));
  });

  it('fails where a file predicts something else than the student it was made from', async () => {
    await limbeck(
      [
        'train',
        '--out',
        'other',
        '--set',
        'train.epochs=1',
        '--set',
        'train.optimizer.lr=0.00001',
        '--set',
        'train.seed=3',
      ],
      folder,
    );
    copyFileSync(path.join(run('other'), 'student.onnx'), path.join(run('alone'), 'student.onnx'));
    await expect(compare('alone')).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
      exitCode: 1,
      message: expect.stringMatching(
        /student\.onnx does not predict what the trained student does: \d+\.\d\d % of the predictions differ/,
      ),
    });
  });
});
