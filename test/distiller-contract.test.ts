import { defineBackbone, defineDistiller, definePlugin, type Use } from '@limbeck/core';
import { createHost, type Host } from '@limbeck/core/host';
import {
  add,
  gather,
  globalAveragePool,
  l2Normalize,
  logSumExp,
  matmul,
  mean,
  mul,
  relu,
  reshape,
  scatterAdd,
  square,
  stopGradient,
  sub,
  type Tensor,
  tensorData,
} from '@limbeck/graph';
import { normal } from '@limbeck/nn';
import { referenceBackend } from '@limbeck/testkit';
import { deployedProgram, type StudentSpec, standardTraining } from '@limbeck/trainer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findTargets } from './targets.js';
import { expectSameState, type ReferenceSteps, referenceSteps, wholeSteps } from './whole-step.js';

const net = (id: string, width: number) =>
  defineBackbone({
    id,
    description: 'one convolution',
    encode: (m, image) =>
      globalAveragePool(
        relu(m.batchNorm('bn', m.conv('conv', image, { out: width, kernel: 3, padding: 1 }))),
      ),
    classify: (m, embedding, classes) => m.linear('fc', embedding, { out: classes }),
  });

const distance = (a: Tensor, b: Tensor): Tensor => mean(square(sub(a, b)));

/** Contrasts each sample with a memory of the whole split: one product with all of it, of which the drawn ones are picked. */
const contrast = defineDistiller({
  id: 'contrast',
  description: 'a memory of the embeddings of every sample',
  build({ student: { embedding }, samples, m }) {
    const [batch, width] = embedding.shape as [number, number];
    const { total, index } = samples;
    const direction = l2Normalize(embedding, { epsilon: 1e-6 });
    const memory = m.buffer('memory', [total, width], normal(1));
    const all = matmul(direction, memory, { transposeB: true });
    const firsts = Int32Array.from({ length: batch }, (_, row) => row * total);
    const rows = embedding.graph.constant(tensorData('int32', [batch, 1], firsts));
    const pick = (drawn: Tensor) => gather(reshape(all, [batch * total]), add(drawn, rows));
    const [apart, own] = [pick(samples.negatives(4, { from: 'all' })), pick(reshape(index, [batch, 1]))];
    const moved = sub(stopGradient(direction), gather(memory, index));
    m.update(memory, add(memory, scatterAdd(mul(moved, 0.5), index, { axis: 0, size: total })));
    return {
      losses: { contrast: { weight: 0.5, value: mean(sub(logSumExp(apart), reshape(own, [batch, 1]))) } },
    };
  },
});

/** Student and teacher on another view, each with its own pass of batch norm. */
const views = defineDistiller({
  id: 'views',
  description: 'logits on two views',
  build: ({ student, teacher, view }) => {
    const strong = view('strong', { augment: ['flip'] });
    return {
      losses: {
        weak: { weight: 1, value: distance(student.logits, teacher.logits) },
        strong: { weight: 1, value: distance(strong.student.logits, strong.teacher.logits) },
      },
    };
  },
});

/** A narrow code of the teacher, learnt before the student follows it. */
const coded = defineDistiller({
  id: 'coded',
  description: 'a code that is learnt first',
  build({ student: { embedding }, teacher, m }) {
    const code = m.linear('encoder', teacher.embedding, { out: embedding.shape[1]! });
    const back = m.linear('decoder', code, { out: teacher.embedding.shape[1]! });
    return {
      losses: {
        code: {
          weight: 2,
          value: distance(embedding, stopGradient(code)),
          schedule: { use: 'linear', end: 4 },
        },
      },
      initial: {
        epochs: 1,
        trains: 'extras',
        losses: { back: { weight: 1, value: distance(back, teacher.embedding) } },
      },
    };
  },
});

let host: Host;
beforeAll(async () => {
  const plugin = definePlugin({
    name: 'here',
    api: 1,
    setup(to) {
      to.backbones.add(net('thin', 3), net('wide', 5));
      to.distillers.add(contrast, views, coded);
    },
  });
  host = await createHost({
    plugins: [standardTraining, plugin].map((one) => ({ plugin: one, origin: 'here' })),
  });
});
afterAll(() => host.dispose());

function specFor(uses: readonly string[], balance?: Use): StudentSpec {
  const model = (id: string) => {
    const { contribution: backbone, options } = host.use('backbones', id);
    return { backbone, options };
  };
  return {
    student: model('thin'),
    teachers: [{ name: 'teacher', ...model('wide') }],
    distillers: uses.map((use) => {
      const { contribution: distiller, options } = host.use('distillers', use);
      return { distiller, options };
    }),
    parts: host,
    optimizer: host.use('optimizers', { use: 'sgd', momentum: 0.9, weightDecay: 0.01 }),
    ...(balance === undefined ? {} : { balance: host.use('balancers', balance) }),
    data: { batchSize: 6, dataset: { imageShape: [1, 8, 8], classes: 3, train: { length: 20 } } },
  };
}

const cases: readonly (readonly [title: string, uses: readonly string[], balance: Use | undefined])[] = [
  ['a memory and negatives', ['contrast'], undefined],
  ['views', ['views'], undefined],
  ['an initial phase and a schedule', ['coded'], undefined],
  ['all of them', ['contrast', 'views', 'coded'], undefined],
  ['terms balanced by factors', ['views'], { use: 'fixed', factors: { strong: 0.5 } }],
  ['terms balanced by magnitude', ['views'], 'running-magnitude'],
  ['terms balanced by gradient', ['views', 'coded'], { use: 'gradient-norm', momentum: 0.5 }],
  ['two objectives', ['views', 'contrast'], 'mokd'],
];

const targets = await findTargets();

describe.each(cases)('%s', (_, uses, balance) => {
  const options = { count: 2, lr: 0.05 };
  let ours: ReferenceSteps;
  beforeAll(async () => {
    ours = await referenceSteps(specFor(uses, balance), options);
  });

  test.for(targets)('give the same steps on the reference and on $name', async (target, { skip }) => {
    const { name, backend, missing } = target;
    if (missing !== undefined) skip(missing);
    const theirs = await wholeSteps(specFor(uses, balance), backend, options);
    for (const [i, loss] of ours.losses.entries()) expect(theirs.losses[i]! / loss).toBeCloseTo(1, 4);
    for (const [output, value] of Object.entries(ours.outputs)) {
      expect(theirs.outputs[output]! - value, output).toBeCloseTo(0, 3);
    }
    expectSameState(theirs.state, ours, name);
  });

  test('are dropped when the student is deployed', () => {
    const { state, inputs } = deployedProgram(specFor(uses, balance), 1);
    expect(state.every(({ name }) => name.startsWith('student.'))).toBe(true);
    expect(inputs).toHaveLength(1);
  });
});

describe('balancers', () => {
  const run = async (balance: Use, count = 1) =>
    (await wholeSteps(specFor(['views'], balance), referenceBackend, { count, lr: 0 })).outputs;

  test('fixed multiplies weights', async () => {
    const found = await run({ use: 'fixed', factors: { strong: 0.25, ce: 2 } });
    expect(found).toMatchObject({ 'weight.ce': 2, 'weight.weak': 1, 'weight.strong': 0.25 });
    const { loss } = found;
    expect(loss).toBeCloseTo(2 * found['loss.ce']! + found['loss.weak']! + 0.25 * found['loss.strong']!, 5);
  });

  test('running-magnitude makes every term as large as the task', async () => {
    const found = await run('running-magnitude', 3);
    for (const term of ['weak', 'strong']) {
      expect(found[`weight.${term}`]! * found[`loss.${term}`]!).toBeCloseTo(found['loss.ce']!, 5);
    }
  });

  test('a term that is no term is refused', async () => {
    await expect(() => run({ use: 'fixed', factors: { stronk: 2 } })).rejects.toMatchObject({
      code: 'PRECONDITION',
      message: expect.stringContaining("weighs 'stronk', which is no term"),
    });
  });

  test('mokd needs both objectives', async () => {
    const alone = { ...specFor(['views'], 'mokd'), taskWeight: 0 };
    await expect(wholeSteps(alone, referenceBackend, { count: 1, lr: 0 })).rejects.toMatchObject({
      code: 'PRECONDITION',
    });
  });
});
