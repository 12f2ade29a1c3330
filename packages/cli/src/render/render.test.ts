import type { RunEvent } from '@limbeck/trainer';
import { terminalLines } from '@limbeck/trainer/events';
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { bytes, clock, count, decimal, duration, engineering, percent } from '../output/numbers.js';
import { folderWith } from '../testing/command-line.js';
import { jsonRenderer } from './json.js';
import { rendererFor } from './renderer.js';
import { liveLine } from './terminal.js';

const plain = pc.createColors(false);

const start: RunEvent = {
  type: 'start',
  folder: 'runs/x-1',
  student: { id: 'resnet8', parameters: 77_754 },
  teachers: [{ name: 'teacher', id: 'resnet14x2', parameters: 691_834, backend: 'onnx' }],
  epochs: 6,
  stepsPerEpoch: 187,
  batchSize: 64,
  seed: 1,
  weights: { ce: 1, feature: 25 },
  metrics: { top1: { as: 'percent' }, nll: { as: 'number', unit: 'nats' }, share: { as: 'percent' } },
  backend: 'onnx',
};
const step: RunEvent & { type: 'step' } = {
  type: 'step',
  epoch: 3,
  stepInEpoch: 94,
  step: 468,
  lr: 0.025,
  losses: { total: 1.2345, ce: 0.5123, feature: 0.028888 },
  accuracy: 0.8123,
  imagesPerSecond: 812.4,
  secondsLeft: 34.2,
};
const epoch: RunEvent = {
  type: 'epoch',
  epoch: 3,
  step: 561,
  lr: 0.025,
  losses: step.losses,
  accuracy: 0.8123,
  test: { top1: 0.843 },
  best: true,
  imagesPerSecond: 812.4,
  seconds: 14.4,
};

describe('lines that stay', () => {
  it('name the loss terms, the accuracies and the speed', () => {
    const show = terminalLines(plain);
    expect([start, step, epoch].flatMap(show)).toEqual([
      'runs/x-1',
      'student resnet8 (77,754 parameters) under teacher resnet14x2 (691,834 parameters)',
      'loss 1 ce + 25 feature; 6 epochs of 187 steps of 64 images; seed 1; backend onnx',
      'epoch 3/6  loss 1.234 (ce 0.5123, feature 0.02889)  train 81.2 %  test top1 84.30 % best  lr 0.02500  812 images/s  14 s',
    ]);
  });
});

describe('values of metrics', () => {
  it('are shown as each says of itself, whatever it is called', () => {
    const show = terminalLines(plain);
    show(start);
    const [line] = show({ ...epoch, test: { top1: 0.843, nll: 0.4512, share: 0.5, other: 0.25 } });
    expect(line).toContain('test top1 84.30 %, nll 0.4512 nats, share 50.00 %, other 0.2500 best');
  });
});

describe('a teacher in int8', () => {
  it('is told how true it is', () => {
    const cosine = { embedding: { mean: 0.99988, worst: 0.9993 } };
    const figures = { samples: 640, agreement: 0.9973, cosine, kl1: 2.2e-4, kl4: 1.6e-4, seconds: 3 };
    expect(
      terminalLines(plain)({ type: 'fidelity', teacher: 'teacher', precision: 'int8', ...figures }),
    ).toEqual([
      'teacher in int8: predicts as in float32 for 99.73 % of 640 test images, cosine of embedding 0.99988 (worst 0.99930), KL 2.2e-4',
    ]);
  });
});

describe('the live line', () => {
  it('fits the terminal, whatever its width', () => {
    for (const columns of [20, 40, 80, 120, 200]) {
      expect(liveLine(step, { epochs: 6, stepsPerEpoch: 187 }, columns, plain).length).toBeLessThan(columns);
    }
    expect(liveLine(step, { epochs: 6, stepsPerEpoch: 188 }, 140, plain)).toBe(
      'epoch 3/6 ━━━━━━━━━━━━────────────   94/188  loss 1.234 (ce 0.5123, feature 0.02889)  train 81.2 %  812 images/s  0:34 left',
    );
  });
});

describe('a renderer', () => {
  const written = (isTTY: boolean, env: Record<string, string>, json = false) => {
    const chunks: string[] = [];
    const stdout = { isTTY, columns: 100, write: (text: string) => chunks.push(text), on: () => undefined };
    const io = {
      stdout,
      stderr: stdout,
      stdin: {},
      cwd: folderWith(),
      env,
      signals: { on: () => undefined, off: () => undefined },
      end: () => undefined,
    };
    const renderer = rendererFor(io as never, { json });
    for (const event of [start, step, epoch]) renderer.event(event);
    renderer.close();
    return chunks.join('');
  };

  it('draws a live line on a terminal only', () => {
    expect(written(true, { TERM: 'xterm' })).toContain('0:34 left');
    expect(written(true, { TERM: 'dumb' })).not.toContain('0:34 left');
    expect(written(true, { TERM: 'xterm', CI: 'true' })).not.toContain('0:34 left');
    expect(written(false, {})).not.toContain('0:34 left');
  });

  it('writes no control characters without a terminal', () => {
    expect(written(false, {})).not.toContain('\u001b');
    expect(written(true, { TERM: 'xterm', NO_COLOR: '1', CI: 'true' })).not.toContain('\u001b');
  });

  it('writes events as they are with --json', () => {
    expect(
      written(true, { TERM: 'xterm' }, true)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([start, step, epoch]);
    const chunks: string[] = [];
    jsonRenderer({ write: (text) => chunks.push(text) }).note('hello');
    expect(chunks).toEqual(['{"type":"note","message":"hello"}\n']);
  });
});

describe('numbers', () => {
  it.each([
    [count(1_234_567), '1,234,567'],
    [engineering(9_345_920), '9.35 M'],
    [engineering(999_960), '1.00 M'],
    [engineering(77_754), '77.8 k'],
    [engineering(512), '512'],
    [percent(0.8456, 2), '84.56 %'],
    [decimal(0.00001234), '1.23e-5'],
    [decimal(0), '0.000'],
    [decimal(Number.NaN), 'NaN'],
    [clock(34.2), '0:34'],
    [clock(3723), '1:02:03'],
    [clock(Number.POSITIVE_INFINITY), '-:--'],
    [duration(0.84), '0.8 s'],
    [duration(725), '12 min 5 s'],
    [duration(119.8), '2 min 0 s'],
    [duration(179.9), '3 min 0 s'],
    [bytes(314_900), '315 kB'],
    [bytes(26_421_880), '26.4 MB'],
  ])('%s', (shown, wanted) => {
    expect(shown).toBe(wanted);
  });
});
