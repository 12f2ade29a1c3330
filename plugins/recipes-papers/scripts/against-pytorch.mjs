/**
 * Trains a small pair by our programs and by the published PyTorch formulas: the same images, order, weights and rates. Prints a table of the losses,
 * step by step compared.
 *
 *     node plugins/recipes-papers/scripts/against-pytorch.mjs --python python3 [--steps 200] [--out FILE.md]
 *
 * Needs a build, and a Python with torch and numpy.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import resnet from '@limbeck/backbone-resnet';
import { onnxBackend } from '@limbeck/backend-onnx';
import { indexTargets } from '@limbeck/core';
import { createHost } from '@limbeck/core/host';
import feature from '@limbeck/distill-feature';
import logit from '@limbeck/distill-logit';
import ensemble from '@limbeck/distill-projector-ensemble';
import { writeSafetensors } from '@limbeck/formats';
import { leafName, tensorData } from '@limbeck/graph';
import { initialState, randomSource } from '@limbeck/nn';
import projectors from '@limbeck/projectors';
import { planStudent, standardTraining, stateFor } from '@limbeck/trainer';

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    steps: { type: 'string', default: '200' },
    out: { type: 'string' },
  },
});
const steps = Number(values.steps);
const [samples, batch, classes, side] = [128, 16, 10, 16];
const optimizer = { lr: 0.05, momentum: 0.9, weightDecay: 5e-4 };

/** RepDistiller's and PEFD's weights. */
const methods = {
  kd: { use: 'kd', weight: 0.9, taskWeight: 0.1, temperature: 4 },
  fitnet: { use: 'fitnet', weight: 100, tap: 'stage2' },
  'projector-ensemble': { use: 'projector-ensemble', projectors: 3, weight: 25 },
};

const imageShape = [3, side, side];
const pixels = samples * 3 * side * side;
const random = randomSource(7, 'images');
const images = tensorData(
  'float32',
  [samples, ...imageShape],
  Float32Array.from({ length: pixels }, () => random.normal()),
);
const labels = tensorData(
  'int32',
  [samples],
  Int32Array.from({ length: samples }, (_, i) => i % classes),
);

/** A new order of the images in every epoch; the last partial batch is left out. */
function orderOf() {
  const order = new Int32Array(steps * batch);
  let left = [];
  const draw = randomSource(11, 'order');
  for (let i = 0; i < order.length; i++) {
    if (left.length === 0) left = Array.from({ length: samples }, (_, n) => n);
    order[i] = left.splice(Math.floor(draw.uniform() * left.length), 1)[0];
  }
  return tensorData('int32', [steps, batch], order);
}

const order = orderOf();

const plugins = [resnet, logit, feature, ensemble, projectors, standardTraining].map((plugin) => ({
  plugin,
  origin: plugin.name,
}));
const host = await createHost({ plugins });
const model = (id) => {
  const { contribution: backbone, options } = host.use('backbones', id);
  return { backbone, options };
};

/** Losses of every step by our programs, and the weights that the run begins with. */
async function ours(use) {
  const { contribution: distiller, options } = host.use('distillers', use);
  const { lr, ...rule } = optimizer;
  const spec = {
    student: model('resnet8'),
    teachers: [{ name: 'teacher', ...model('resnet14') }],
    distillers: [{ distiller, options }],
    parts: host,
    task: host.use('tasks', { use: 'cross-entropy' }),
    optimizer: host.use('optimizers', { use: 'sgd', ...rule }),
    data: {
      batchSize: batch,
      dataset: { imageShape, classes, targets: indexTargets(labels.data), train: { length: samples } },
    },
  };
  const plan = planStudent(spec);
  const [{ model: teacher, features }] = plan.teachers;
  const teacherState = initialState(teacher.variables.values(), 1);
  const asked = teacher.program([...new Set(features.map(({ path: tap }) => tap))]);
  const frozen = await onnxBackend.compile(asked, { state: stateFor(asked, teacherState), threads: 1 });
  const state = plan.initialState(2, new Map([...teacherState].filter(([name]) => plan.variables.has(name))));
  const student = await onnxBackend.compile(plan.program, { state, threads: 1 });
  const losses = [];
  const needed = new Set(plan.program.inputs.map(leafName));
  for (let step = 0; step < steps; step++) {
    const feeds = batchOf(step, lr);
    const said = await frozen.step({ image: feeds.image });
    for (const { path: tap, input } of features) feeds[input] = said[tap];
    const given = Object.fromEntries(Object.entries(feeds).filter(([name]) => needed.has(name)));
    const { loss } = await student.step(given);
    losses.push(Number(loss.data[0]));
  }
  await frozen.dispose();
  await student.dispose();
  return { losses, weights: new Map([...teacherState, ...state]) };
}

function batchOf(step, lr) {
  const size = pixels / samples;
  const image = new Float32Array(batch * size);
  const label = new Int32Array(batch);
  for (let i = 0; i < batch; i++) {
    const sample = order.data[step * batch + i];
    image.set(images.data.subarray(sample * size, (sample + 1) * size), i * size);
    label[i] = labels.data[sample];
  }
  return {
    image: tensorData('float32', [batch, ...imageShape], image),
    labels: tensorData('int32', [batch], label),
    lr: tensorData('float32', [], Float32Array.of(lr)),
  };
}

/** The same by the published formulas. */
function theirs(method, weights, folder) {
  const input = path.join(folder, `${method}.safetensors`);
  writeFileSync(
    input,
    writeSafetensors(new Map([...weights, ['images', images], ['labels', labels], ['order', order]]), {}),
  );
  const script = fileURLToPath(new URL('published_formulas.py', import.meta.url));
  const text = execFileSync(values.python, [script, method, input, JSON.stringify(optimizer)], {
    encoding: 'utf8',
  });
  return JSON.parse(text);
}

const folder = mkdtempSync(path.join(tmpdir(), 'limbeck-against-'));
try {
  const rows = [];
  let torch = '';
  for (const [method, use] of Object.entries(methods)) {
    const { losses, weights } = await ours(use);
    const other = theirs(method, weights, folder);
    torch = other.torch;
    const relative = losses.map((loss, i) => Math.abs(loss - other.losses[i]) / Math.abs(other.losses[i]));
    const until = (count) => Math.max(...relative.slice(0, count)).toExponential(1);
    const shown = (i) => `${losses[i].toFixed(5)} | ${other.losses[i].toFixed(5)}`;
    rows.push(
      `| ${method} | ${shown(0)} | ${shown(steps - 1)} | ${until(10)} | ${until(50)} | ${until(steps)} |`,
    );
  }
  const table = [
    `${steps} steps of resnet14 to resnet8, batch ${batch}, ${side}x${side} drawn images, SGD ${JSON.stringify(optimizer)}; PyTorch ${torch}, one thread each.`,
    '',
    '| method | first loss, ours | PyTorch | last loss, ours | PyTorch | largest relative difference in 10 steps | in 50 | in all |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
  if (values.out === undefined) process.stdout.write(table);
  else writeFileSync(values.out, table);
} finally {
  rmSync(folder, { recursive: true });
  await host.dispose();
}
