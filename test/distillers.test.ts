import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onnxBackend, onnxExporter } from '@limbeck/backend-onnx';
import { defineBackbone, definePlugin, type Use } from '@limbeck/core';
import type { ComputeBackend } from '@limbeck/core/backend';
import { createHost, type Host } from '@limbeck/core/host';
import classifierSharing from '@limbeck/distill-classifier-sharing';
import distillContrastive from '@limbeck/distill-contrastive';
import distillFeature from '@limbeck/distill-feature';
import distillLogit from '@limbeck/distill-logit';
import distillProjector from '@limbeck/distill-projector';
import projectorEnsemble from '@limbeck/distill-projector-ensemble';
import distillRelation from '@limbeck/distill-relation';
import { globalAveragePool, relu, type StateDict } from '@limbeck/graph';
import { initialState } from '@limbeck/nn';
import projectors from '@limbeck/projectors';
import { checkDegenerate, degenerateCases } from '@limbeck/testkit';
import {
  deployedProgram,
  planStudent,
  readWeightsFile,
  type StudentSpec,
  standardTraining,
} from '@limbeck/trainer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rampDataset } from './ramps.js';
import { findTargets } from './targets.js';
import { savedWeights, trainConfig } from './train-config.js';
import { expectSameState, type ReferenceSteps, referenceSteps, wholeSteps } from './whole-step.js';

/** Two stages of one convolution each. */
const twoStages = (id: string, width: number, stride: number) =>
  defineBackbone({
    id,
    description: 'two convolutions',
    encode(m, image) {
      const stage = (n: number, x: typeof image, out: number, step: number) => {
        const conv = m.conv(`conv${n}`, x, { out, kernel: 3, stride: step, padding: 1 });
        return m.tap(`stage${n}`, relu(m.tap(`stage${n}.preact`, m.batchNorm(`bn${n}`, conv))));
      };
      const deep = stage(2, stage(1, image, width, stride), 2 * width, 2);
      return globalAveragePool(m.tap('last-map', deep));
    },
    classify: (m, embedding, classes) => m.linear('fc', embedding, { out: classes }),
  });

// maps of 8x8 and 4x4 against 4x4 and 2x2, and other widths or the same
const nets = definePlugin({
  name: 'two-stages',
  api: 1,
  setup: (host) =>
    host.backbones.add(twoStages('thin', 3, 1), twoStages('wide', 4, 2), twoStages('even', 3, 2)),
});

const [batch, classes] = [8, 3];
const plugins = [
  nets,
  projectors,
  distillLogit,
  distillFeature,
  distillRelation,
  distillContrastive,
  distillProjector,
  projectorEnsemble,
  classifierSharing,
];

let host: Host;
beforeAll(async () => {
  const entries = [standardTraining, ...plugins].map((plugin) => ({ plugin, origin: 'here' }));
  host = await createHost({ plugins: entries });
});
afterAll(() => host.dispose());

function specFor(use: Use, student = 'thin', teacher = 'wide'): StudentSpec {
  const chosen = host.use('distillers', use);
  const model = (id: string) => {
    const { contribution: backbone, options } = host.use('backbones', id);
    return { backbone, options };
  };
  return {
    student: model(student),
    teachers: [{ name: 'teacher', ...model(teacher) }],
    distillers: [{ distiller: chosen.contribution, options: chosen.options }],
    parts: host,
    optimizer: host.use('optimizers', { use: 'sgd', momentum: 0.9 }),
    data: { batchSize: batch, dataset: { imageShape: [1, 8, 8], classes } },
  };
}

/** Some steps of every phase on one batch, from the same start on every backend. */
const steps = (
  use: Use,
  backend: ComputeBackend,
  { count, lr, teacher }: { count: number; lr: number; teacher?: string },
) => wholeSteps(specFor(use, 'thin', teacher), backend, { count, lr });

/** Id, what is configured, learning rate, and the teacher where `wide` cannot be one. */
const methods: readonly (readonly [string, Use, number, string?])[] = [
  ['kd', 'kd', 0.1],
  ['logit-standardization', 'logit-standardization', 0.02],
  ['dkd', 'dkd', 0.05],
  ['nkd', 'nkd', 0.05],
  ['dist', 'dist', 0.02],
  ['ttm', 'ttm', 0.01],
  ['wttm', 'wttm', 0.02],
  ['wkd-l', 'wkd-l', 0.001],
  ['bce', 'bce', 0.1],
  ['crld', 'crld', 0.02],
  ['mlkd', 'mlkd', 0.002],
  ['fitnet', 'fitnet', 0.01],
  ['ab', 'ab', 0.05],
  ['fsp', 'fsp', 0.05, 'even'],
  ['ft', 'ft', 0.01],
  ['at', 'at', 0.005],
  ['nst', 'nst', 0.02],
  ['vid', 'vid', 0.05],
  ['srrl', 'srrl', 0.05],
  ['ickd', 'ickd', 0.02],
  ['wkd-f', 'wkd-f', 0.05],
  ['reviewkd', 'reviewkd', 0.01],
  ['ofd', 'ofd', 0.05],
  ['semckd', 'semckd', 0.0005],
  ['kdsvd', 'kdsvd', 0.01],
  ['sp', 'sp', 0.001],
  ['cc', 'cc', 0.05],
  ['rkd', 'rkd', 0.005],
  ['pkt', 'pkt', 0.001],
  ['crd', { use: 'crd', negatives: 4, dimensions: 8 }, 0.02],
  ['srd', 'srd', 0.01],
  ['vkd', 'vkd', 0.05],
  ['inverted-projection', 'inverted-projection', 0.05],
  ['norm-direction', { use: 'norm-direction', means: 'running', dropout: 0 }, 0.02],
  ['feature-queue', { use: 'feature-queue', queue: 4 }, 0.02],
  ['global-patch', { use: 'global-patch', queue: 4 }, 0.02],
  ['projector-ensemble', 'projector-ensemble', 0.01],
  ['classifier-sharing', { use: 'classifier-sharing', projectors: 2 }, 0.1],
];

test('every distiller of these plugins is tried', () => {
  expect(methods.map(([id]) => id).sort()).toEqual(
    host
      .list('distillers')
      .map(({ id }) => id)
      .sort(),
  );
});

const targets = await findTargets();

/** A graphics processor that the CPU stands in for compiles a hundred programs for some of them. */
const slow = { timeout: 120_000 };

/** A batch of one or a single class may be too little to compare; anything else has to work. */
const refusable: readonly string[] = ['a batch of one', 'a single class'];

const cases = methods.map(([id, use, lr, teacher = 'wide']) => [id, use, lr, teacher] as const);
describe.each(cases)('%s', (_, use, lr, teacher) => {
  let reference: ReferenceSteps;
  beforeAll(async () => {
    reference = await referenceSteps(specFor(use, 'thin', teacher), { count: 1, lr });
  });

  test.for(targets)('takes the same step on the reference and on $name', slow, async (target, { skip }) => {
    const { name: on, backend, missing } = target;
    if (missing !== undefined) skip(missing);
    const theirs = await steps(use, backend, { count: 1, lr, teacher });
    expect(theirs.losses[0]! / reference.losses[0]!).toBeCloseTo(1, 4);
    for (const [i, [loss]] of reference.initial.entries()) {
      expect(theirs.initial[i]![0]! / loss!, `initial phase ${i + 1}`).toBeCloseTo(1, 4);
    }
    expectSameState(theirs.state, reference, on);
  });

  test.each(degenerateCases)('%s: finite, or refused when it is built', (name) => {
    const reason = checkDegenerate(host, use, name, teacher === 'even' ? { teacherWidth: 4 } : {});
    if (!refusable.includes(name)) expect(reason).toBeUndefined();
  });

  test('trains: the loss falls on a batch it sees again and again', async () => {
    const { initial, losses } = await steps(use, onnxBackend, { count: 6, lr, teacher });
    for (const phase of [...initial, losses]) {
      expect(phase.every(Number.isFinite)).toBe(true);
      expect(phase.at(-1)).toBeLessThan(phase[0]!);
    }
  });

  test('is deployed as a model that needs images alone, for one image too', () => {
    const { inputs } = deployedProgram(specFor(use, 'thin', teacher), 1);
    expect(inputs.map(({ attributes }) => attributes.name)).toEqual(['image']);
  });
});

/** Methods that mixed images are not for: which class or which sample an image is cannot be told. */
const withoutMixing: Readonly<Record<string, string>> = {
  dkd: "distiller 'dkd' reads index targets, but batch transform 'mixup' gives soft",
  nkd: "distiller 'nkd' reads index targets, but batch transform 'mixup' gives soft",
  'wkd-l': "distiller 'wkd-l' reads index targets, but batch transform 'mixup' gives soft",
  bce: "distiller 'bce' reads index targets, but batch transform 'mixup' gives soft",
  mlkd: "distiller 'mlkd' reads index targets, but batch transform 'mixup' gives soft",
  crld: "distiller 'crld' reads index targets, but batch transform 'mixup' gives soft",
  'norm-direction': "distiller 'norm-direction' reads index targets, but batch transform 'mixup' gives soft",
  crd: "which sample an image is cannot be told: batch transform 'mixup' mixes the images of several",
};

describe('mixed batches', () => {
  const mixed = (use: Use, teacher?: string): StudentSpec => {
    const spec = specFor(use, 'thin', teacher);
    const kinds = { targets: 'soft', mixedBy: "batch transform 'mixup'" } as const;
    return { ...spec, data: { ...spec.data, ...kinds } };
  };

  test.each(cases.filter(([id]) => withoutMixing[id] === undefined))(
    '%s runs',
    async (_, use, lr, teacher) => {
      const { losses, plan } = await wholeSteps(mixed(use, teacher), onnxBackend, { count: 1, lr });
      expect(losses.every(Number.isFinite)).toBe(true);
      expect(plan.program.inputs.map(({ attributes }) => attributes.name)).not.toContain('labels');
    },
  );

  test.each(cases.filter(([id]) => withoutMixing[id] !== undefined))('%s is refused', (id, use) => {
    expect(() => planStudent(mixed(use))).toThrow(withoutMixing[id]);
  });
});

describe('classifier sharing', () => {
  const use = { use: 'classifier-sharing', projectors: 2 };
  const names = (state: Iterable<{ name: string }>) => [...state].map(({ name }) => name);

  test("trains student and projectors; the teacher's classifier is kept as it is, the student's is not there", async () => {
    const { plan, state } = await steps(use, onnxBackend, { count: 2, lr: 0.1 });
    expect(plan.trained.every((name) => /^(student\.(conv|bn)|distiller\.)/.test(name))).toBe(true);
    expect(plan.trained).toContain('distiller.classifier-sharing.projectors.1.conv2.weight');
    expect(names(plan.program.state).filter((name) => name.includes('fc'))).toEqual([
      'teacher.fc.weight',
      'teacher.fc.bias',
    ]);
    const before = initialState(plan.teachers[0]!.model.variables.values(), 1);
    expect(state.get('teacher.fc.weight')!.data).toEqual(before.get('teacher.fc.weight')!.data);
    expect([...plan.weights]).toEqual([
      ['ce', 0],
      ['feature', 1],
    ]);
  });

  test("deploys the student's encoder, the projectors and the teacher's classifier", () => {
    const state = names(deployedProgram(specFor(use), 4).state);
    const parts = new Set(state.map((name) => name.split('.').slice(0, 2).join('.')));
    expect([...parts].sort()).toEqual([
      'distiller.classifier-sharing',
      'student.bn1',
      'student.bn2',
      'student.conv1',
      'student.conv2',
      'teacher.fc',
    ]);
  });

  test('a map that the classifier cannot read is refused, with both widths', () => {
    expect(() => planStudent(specFor({ ...use, teacherTap: 'stage1' }))).toThrow(
      "the classifier of teacher 'wide' reads embeddings [N, 8], not [8, 4]",
    );
  });

  test('a whole run trains, evaluates and exports one model with the classifier inside', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'limbeck-sharing-'));
    try {
      const dataset = rampDataset(24, 12);
      const teacher = planStudent(specFor(use)).teachers[0]!.model;
      const drawn = initialState(teacher.variables.values(), 1);
      const tensors: StateDict = new Map(
        [...drawn].map(([name, value]) => [name.slice('teacher.'.length), value]),
      );
      const config = {
        data: { batchSize: 6, evalBatchSize: 6 },
        teacher: { use: 'wide', weights: savedWeights(folder, 'wide', tensors), acceptChance: true },
        student: 'thin',
        distiller: use,
        train: { epochs: 2, export: ['onnx'] },
      };
      const result = await trainConfig([config], {
        plugins,
        dataset,
        backends: [onnxBackend],
        exporters: [onnxExporter],
        folder: path.join(folder, 'run'),
      });
      expect(Object.keys(result.files).sort()).toEqual(['onnx', 'safetensors']);
      const kept = readWeightsFile(result.files.safetensors!).tensors;
      expect(kept.get('teacher.fc.weight')!.data).toEqual(tensors.get('fc.weight')!.data);
      expect([...kept.keys()].some((name) => name.includes('projectors.1.conv3.weight'))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
