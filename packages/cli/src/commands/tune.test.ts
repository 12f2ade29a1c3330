import { EventEmitter } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { dotsFolder, limbeck } from '../testing/command-line.js';
import { compareTask } from '../worker/compare-task.js';

let folder = '';
const grid = ['--projectors', '2,1', '--reductions', '4,8', '--epochs', '1'];
const tune = (...args: string[]) =>
  limbeck(['tune', 'projector-size', 'shared.yaml', ...grid, ...args], folder);
const inFolder = (...names: string[]) => path.join(folder, ...names);
const sizes = ['q1-f4', 'q1-f8', 'q2-f4', 'q2-f8'];

beforeAll(async () => {
  folder = dotsFolder({
    'shared.yaml': `extends: ./limbeck.config.yaml
student: resnet8
teacher: { use: resnet8, weights: teacher/student.safetensors, acceptChance: true }
distiller: classifier-sharing`,
  });
  await limbeck(['train', '--out', 'teacher', '--set', 'student=resnet8'], folder);
});

describe('limbeck tune projector-size', () => {
  it('goes on where it was stopped, and sets every size beside student and teacher', async () => {
    const signals = new EventEmitter();
    const pressed = { yet: false };
    const written: string[] = [];
    const stdout = {
      write(text: string) {
        written.push(text);
        if (pressed.yet || !text.includes('"type":"step"') || !existsSync(inFolder('out', 'q1-f4'))) return;
        pressed.yet = true;
        signals.emit('SIGINT');
      },
    };
    const stopped = await limbeck(
      ['tune', 'projector-size', 'shared.yaml', ...grid, '--out', 'out', '--json'],
      folder,
      { signals, stdout },
    );
    expect(stopped.code).toBe(130);
    expect(written.at(-1)).toContain('with --out out to go on');
    const student = inFolder('out', 'student', 'student.safetensors');
    const before = statSync(student).mtimeMs;

    const resumed = await tune('--out', 'out', '--json');
    expect(resumed.code, resumed.stderr).toBe(0);
    const events = resumed.events();
    expect(events.filter(({ type }) => type === 'run').map(({ standing }) => standing)).toEqual([
      'finished',
      'stopped',
      'new',
      'new',
      'new',
    ]);
    expect(events.filter(({ type }) => type === 'resume')).toHaveLength(1);
    expect(statSync(student).mtimeMs).toBe(before);

    const result = events.at(-1)!;
    expect(result).toMatchObject({
      type: 'tune',
      metric: 'top1',
      better: 'higher',
      student: { id: 'resnet8', parameters: 77_234 },
      teachers: [{ label: 'teacher', parameters: 77_234 }],
      sizes: sizes.map((name) => ({ folder: inFolder('out', name) })),
    });
    type Choice = { parameters: number; latencyMs: number; front: { parameters: boolean } };
    const tuned = result.sizes as Choice[];
    // encoder and classifier, and each bottleneck 64 -> 64 / f -> 64 with two values a channel of batch norm
    const bottleneck = (width: number) =>
      64 * width + 2 * width + 9 * width ** 2 + 2 * width + width * 64 + 128;
    expect(tuned.map(({ parameters }) => parameters - 77_234)).toEqual([
      bottleneck(16),
      bottleneck(8),
      2 * bottleneck(16),
      2 * bottleneck(8),
    ]);
    // nothing has fewer parameters than the student alone
    expect((result.student as Choice).front.parameters).toBe(true);
    for (const { latencyMs } of tuned) expect(latencyMs).toBeGreaterThan(0);
    const { type: _, files, ...table } = result;
    expect(JSON.parse(readFileSync(inFolder('out', 'tune.json'), 'utf8'))).toEqual(table);
    expect(files).toEqual({ json: inFolder('out', 'tune.json'), plot: inFolder('out', 'tune.svg') });
    expect(readFileSync(inFolder('out', 'tune.svg'), 'utf8').match(/<circle[^>]*><title>/g)).toHaveLength(8);
  });

  it('prints a table, and trains nothing that has finished', async () => {
    const { code, stdout } = await tune('--out', 'out');
    expect(code).toBe(0);
    expect(stdout).toContain('1/5 student alone  finished before\n');
    expect(stdout).toMatch(
      /top1, last epoch +best epoch +parameters +multiply-accumulates +latency +Pareto front of/,
    );
    expect(stdout).toMatch(/2 projectors, reduction 8 +\d+\.\d\d % +\d+\.\d\d % \(1\) +/);
    expect(stdout).not.toContain('epoch 1/1');
  });

  it('leaves what was trained with another configuration alone', async () => {
    const { code, stderr } = await tune('--out', 'out', '--set', 'train.seed=9');
    expect(code).toBe(2);
    expect(stderr).toMatch(/error\[PRECONDITION\]: .*student was trained with another configuration/);
  });

  it.each([
    [['--projectors', '0'], '--projectors 0 is no list of whole numbers above 0'],
    [['--reductions', '2,x'], '--reductions 2,x is no list'],
    [['--epochs', 'few'], '--epochs few is no number of epochs'],
    [['--reductions', '128'], "leaves nothing of the teacher's 64 channels"],
    [['--set', 'distiller=kd'], "the configuration's distiller is kd"],
  ])('refuses %j before it trains', async (args, message) => {
    const { code, stderr } = await limbeck(
      ['tune', 'projector-size', 'shared.yaml', '--out', 'none', ...args],
      folder,
    );
    expect(code).toBeGreaterThan(0);
    expect(stderr).toContain(message);
    expect(existsSync(inFolder('none'))).toBe(false);
  });
});

it('a run that deploys more than its student says what that costs', async () => {
  const { stdout } = await limbeck(
    ['train', 'shared.yaml', '--out', 'run', '--set', 'train.epochs=1'],
    folder,
  );
  expect(stdout).toMatch(
    /deployed: [\d,]+ parameters, \d+\.\d\d ms an image; the student alone 77,234 and \d+\.\d\d ms\n/,
  );
  const { deployed } = JSON.parse(readFileSync(inFolder('run', 'result.json'), 'utf8'));
  expect(deployed.plain.parameters).toBe(77_234);
  expect(Object.keys(deployed.owners)).toEqual(['student', 'distiller', 'teacher']);
  expect(deployed.parameters).toBe(
    deployed.owners.student + deployed.owners.distiller + deployed.owners.teacher,
  );
});

it.each(['mean', 'learned', 'concat'])(
  'one ONNX file predicts what was trained with projectors integrated by %s',
  async (integration) => {
    const distiller = JSON.stringify({ use: 'classifier-sharing', projectors: 3, integration });
    const trained = await limbeck(
      ['train', 'shared.yaml', '--out', integration, '--set', `distiller=${distiller}`],
      folder,
    );
    expect(trained.code, trained.stderr).toBe(0);
    const { models } = await compareTask(
      { cwd: folder, env: {}, runs: [['student', inFolder(integration)]] },
      { say: () => undefined, stopped: () => false },
    );
    const { exported, parameters } = models.at(-1)!;
    expect(exported!.predictions).toBe(1);
    expect(exported!.logits).toBeLessThan(1e-4);
    expect(parameters).toBeGreaterThan(77_234);
  },
);
