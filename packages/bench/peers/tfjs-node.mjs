/**
 * The plain tfjs-node peer of `npm run bench`: the student's step of `pefd-resnet32x4-resnet8x4`, written the way a user
 * of tfjs would write it - eager operations, `tf.variableGrads`, an optimiser of `tf.train`. The teacher's embedding is
 * given, so `teacherMs` is 0 and `stepMs` is the student alone.
 *
 *     node tfjs-node.mjs --module FILE [--threads N]     FILE: what `require.resolve('@tensorflow/tfjs-node')` gives
 *
 * Speaks the protocol of pytorch.py: a line of JSON for each request line.
 */
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import util, { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    module: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    warmup: { type: 'string', default: '3' },
  },
});
process.env.TF_NUM_INTRAOP_THREADS = values.threads;
process.env.TF_CPP_MIN_LOG_LEVEL = '2';
// Node 23 removed what tfjs-node calls
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
const tf = createRequire(values.module)(values.module);

const batchSize = 64;
const classes = 100;
const projectors = 3;
const decay = 5e-4;

/** Trained variables; running statistics are kept apart. */
const trained = [];
const trainable = (tensor) => {
  const variable = tf.variable(tensor);
  trained.push(variable);
  return variable;
};

function conv(inputs, outputs, kernel, stride = 1) {
  const filter = trainable(
    tf.randomNormal([kernel, kernel, inputs, outputs], 0, Math.sqrt(2 / (kernel * kernel * outputs))),
  );
  const edge = (kernel - 1) / 2;
  const padding = [
    [0, 0],
    [edge, edge],
    [edge, edge],
    [0, 0],
  ];
  return (x) =>
    stride === 1
      ? tf.conv2d(x, filter, 1, 'same')
      : // the symmetric padding of PyTorch
        tf.conv2d(edge > 0 ? tf.pad(x, padding) : x, filter, stride, 'valid');
}

function batchNorm(channels) {
  const scale = trainable(tf.ones([channels]));
  const offset = trainable(tf.zeros([channels]));
  const runningMean = tf.variable(tf.zeros([channels]), false);
  const runningVariance = tf.variable(tf.ones([channels]), false);
  return (x) => {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    const count = x.size / channels;
    runningMean.assign(runningMean.mul(0.9).add(mean.mul(0.1)));
    runningVariance.assign(runningVariance.mul(0.9).add(variance.mul((0.1 * count) / (count - 1))));
    return tf.batchNorm(x, mean, variance, offset, scale, 1e-5);
  };
}

function block(inputs, outputs, stride) {
  const [conv1, bn1] = [conv(inputs, outputs, 3, stride), batchNorm(outputs)];
  const [conv2, bn2] = [conv(outputs, outputs, 3), batchNorm(outputs)];
  const shortcut =
    stride === 1 && inputs === outputs ? undefined : [conv(inputs, outputs, 1, stride), batchNorm(outputs)];
  return (x) => {
    const y = bn2(conv2(tf.relu(bn1(conv1(x)))));
    return tf.relu(y.add(shortcut === undefined ? x : shortcut[1](shortcut[0](x))));
  };
}

function linear(inputs, outputs) {
  const bound = 1 / Math.sqrt(inputs);
  const weight = trainable(tf.randomUniform([inputs, outputs], -bound, bound));
  const bias = trainable(tf.randomUniform([outputs], -bound, bound));
  return (x) => tf.matMul(x, weight).add(bias);
}

const stem = [conv(3, 32, 3), batchNorm(32)];
const blocks = [block(32, 64, 1), block(64, 128, 2), block(128, 256, 2)];
const classifier = linear(256, classes);
const heads = Array.from({ length: projectors }, () => linear(256, 256));
const images = tf.randomNormal([batchSize, 32, 32, 3]);
const labels = tf.oneHot(tf.randomUniform([batchSize], 0, classes, 'int32'), classes);
const target = tf.relu(tf.randomNormal([batchSize, 256]));
const optimizer = tf.train.momentum(0.05, 0.9);

function loss() {
  const map = blocks.reduce((x, next) => next(x), tf.relu(stem[1](stem[0](images))));
  const embedding = tf.mean(map, [1, 2]);
  const task = tf.losses.softmaxCrossEntropy(labels, classifier(embedding));
  const projected = tf.addN(heads.map((head) => tf.relu(head(embedding)))).div(projectors);
  const lengths = tf
    .norm(projected, 2, 1)
    .mul(tf.norm(target, 2, 1))
    .add(1e-8);
  const cosine = projected.mul(target).sum(1).div(lengths);
  return task.add(tf.scalar(1).sub(cosine).mean().mul(25));
}

/** One training step; returns the loss. */
function step() {
  return tf.tidy(() => {
    const { value, grads } = tf.variableGrads(loss, trained);
    const decayed = Object.fromEntries(
      trained.map((variable) => [variable.name, grads[variable.name].add(variable.mul(decay))]),
    );
    optimizer.applyGradients(decayed);
    return value.dataSync()[0];
  });
}

for (let i = 0; i < Number(values.warmup); i++) step();

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

for await (const line of createInterface({ input: process.stdin })) {
  const { steps } = JSON.parse(line);
  const times = [];
  let value = 0;
  for (let i = 0; i < steps; i++) {
    const started = performance.now();
    value = step();
    times.push(performance.now() - started);
  }
  const stepMs = median(times);
  const answer = {
    teacherMs: 0,
    studentMs: stepMs,
    stepMs,
    imagesPerSecond: (1000 * batchSize) / stepMs,
    peakRssMb: process.resourceUsage().maxRSS / 1024,
    loss: value,
  };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
