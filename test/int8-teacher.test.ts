import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onnxBackend } from '@limbeck/backend-onnx';
import { defineBackbone, definePlugin } from '@limbeck/core';
import projectorEnsemble from '@limbeck/distill-projector-ensemble';
import { globalAveragePool, relu, type Tensor } from '@limbeck/graph';
import projectors from '@limbeck/projectors';
import { patternFill } from '@limbeck/testkit';
import type { RunEvent, RunResult } from '@limbeck/trainer';
import { afterAll, expect, test } from 'vitest';
import { rampDataset } from './ramps.js';
import { type Given, savedWeights, trainConfig } from './train-config.js';

const [inner, classes] = [16, 3];

const net = defineBackbone({
  id: 'two-layers',
  description: 'two convolutions',
  encode(m, image) {
    const layer = (n: number, x: Tensor) =>
      relu(m.batchNorm(`bn${n}`, m.conv(`conv${n}`, x, { out: inner, kernel: 3, padding: 1 })));
    return globalAveragePool(layer(2, layer(1, image)));
  },
  classify: (m, embedding, count) => m.linear('fc', embedding, { out: count }),
});
const nets = definePlugin({ name: 'nets', api: 1, setup: (host) => host.backbones.add(net) });

const dataset = rampDataset(48, 20);

const drawn = (name: string, shape: number[], scale: number, offset = 0) =>
  [name, patternFill('int8-teacher', name, shape, (u) => u * scale + offset)] as const;
const normalization = (n: number) => [
  drawn(`bn${n}.weight`, [inner], 0.2, 1),
  drawn(`bn${n}.bias`, [inner], 0.1),
  drawn(`bn${n}.running_mean`, [inner], 0.1),
  drawn(`bn${n}.running_var`, [inner], 0.2, 1),
];
const tensors = new Map([
  drawn('conv1.weight', [inner, 1, 3, 3], 0.8),
  ...normalization(1),
  drawn('conv2.weight', [inner, inner, 3, 3], 0.2),
  ...normalization(2),
  drawn('fc.weight', [classes, inner], 1),
  drawn('fc.bias', [classes], 0.5),
]);

const root = mkdtempSync(path.join(tmpdir(), 'limbeck-int8-'));
afterAll(() => rmSync(root, { recursive: true }));

const config = {
  data: { batchSize: 8, evalBatchSize: 8 },
  teacher: {
    use: 'two-layers',
    weights: savedWeights(root, 'drawn', tensors),
    precision: 'int8',
    acceptChance: true,
  },
  student: 'two-layers',
  distiller: { use: 'projector-ensemble', projectors: 2, weight: 5 },
  train: { epochs: 2, checkpoint: { everySteps: 2 } },
  backend: { threads: 1 },
};

/** @param changes of the configuration */
const run = (name: string, changes: object = {}, more: Partial<Given> = {}) =>
  trainConfig([config, changes], {
    plugins: [nets, projectors, projectorEnsemble],
    dataset,
    backends: [onnxBackend],
    folder: path.join(root, name),
    ...more,
  });

const student = ({ files }: RunResult) => readFileSync(files.safetensors!).toString('base64');

test('a student of a teacher in int8 on the ONNX backend is the same, stopped and resumed or not', async () => {
  const straight = await run('straight');
  expect(straight.teachers.teacher!.fidelity).toMatchObject({ samples: 20 });
  expect(straight.teachers.teacher!.fidelity!.agreement).toBeGreaterThanOrEqual(0.95);
  expect(straight.teachers.teacher!.fidelity!.cosine.embedding!.mean).toBeGreaterThan(0.999);
  expect(straight.teachers.teacher!.fidelity!.cosine.embedding!.worst).toBeLessThan(1);
  let steps = 0;
  const onEvent = ({ type }: RunEvent) => {
    if (type === 'step') steps++;
  };
  const stopped = run('stopped', {}, { onEvent, stop: () => steps >= 3 });
  await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' });
  const resumed = await run('stopped', {}, { resume: true });
  expect(resumed.teachers.teacher!.fidelity).toEqual(straight.teachers.teacher!.fidelity);
  expect(resumed.last).toEqual(straight.last);
  expect(student(resumed)).toBe(student(straight));
});

test('ranges are measured once for all runs with the same weights and images, and never trusted blindly', async () => {
  const folder = path.join(root, 'ranges');
  const kept = async (name: string, changes: { weights?: string; calibration?: object } = {}) => {
    const events: RunEvent[] = [];
    const teacher = { ...changes, calibration: { dir: folder, ...changes.calibration } };
    const result = await run(
      name,
      { teacher, train: { epochs: 1 } },
      { onEvent: (event) => events.push(event) },
    );
    const of = (type: string) => events.filter((event) => event.type === type);
    expect(of('fidelity')).toHaveLength(1);
    const [calibrated] = of('calibration') as Extract<RunEvent, { type: 'calibration' }>[];
    return {
      student: student(result),
      ranges: calibrated!.ranges,
      path: calibrated!.path,
      warnings: of('warning'),
    };
  };
  const first = await kept('first');
  const second = await kept('second');
  expect([first.ranges, second.ranges]).toEqual(['measured', 'kept']);
  expect(second.student).toBe(first.student);

  writeFileSync(first.path, readFileSync(first.path, 'utf8').slice(0, -30));
  const third = await kept('third');
  expect(third.ranges).toBe('measured');
  expect(third.warnings).toContainEqual(expect.objectContaining({ code: 'BAD_FILE' }));
  expect(third.student).toBe(first.student);

  const changed = new Map([...tensors, drawn('conv1.weight', [inner, 1, 3, 3], 0.5)]);
  const weights = savedWeights(root, 'others', changed);
  const others = [
    await kept('weights', { weights }),
    await kept('images', { calibration: { images: 8 } }),
    await kept('method', { calibration: { method: 'entropy' } }),
  ];
  expect(others.map(({ ranges }) => ranges)).toEqual(Array(3).fill('measured'));
  expect(readdirSync(folder)).toHaveLength(4);
});

test('a classifier in int8 gives logits almost as true as one in float32', async () => {
  const fidelityOf = async (classifier: 'float32' | 'int8') => {
    const { teachers } = await run(`classifier-${classifier}`, {
      teacher: { calibration: { classifier } },
      train: { epochs: 1 },
    });
    return teachers.teacher!.fidelity!;
  };
  const [float, rounded] = [await fidelityOf('float32'), await fidelityOf('int8')];
  expect(rounded.agreement).toBeGreaterThanOrEqual(0.95);
  expect(rounded.kl1).toBeLessThan(1e-3);
  expect(rounded.kl1).not.toBe(float.kl1);
  expect(rounded.cosine.embedding).toEqual(float.cosine.embedding);
});
