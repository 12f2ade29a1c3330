import {
  add,
  batchNormTraining,
  bindState,
  channelMean,
  channelVariance,
  conv2d,
  Graph,
  globalAveragePool,
  gradients,
  matmul,
  maxPool,
  mean,
  mul,
  program,
  relu,
  type Shape,
  sizeOf,
  softmaxCrossEntropy,
  sub,
  type Tensor,
  type TensorData,
  tensorData,
} from '@limbeck/graph';
import type { Feeds } from '../contracts/backend.js';
import { type Trial, trialOf } from './trial.js';

const image = [4, 3, 8, 8] as const;
const classes = 5;

/** Numbers between -1 and 1 that look random, the same every time. */
function numbers(shape: Shape, seed: number, scale = 1): TensorData {
  const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const x = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43_758.5453;
    return scale * (2 * (x - Math.floor(x)) - 1);
  });
  return tensorData('float32', shape, values);
}

const filled = (shape: Shape, value: number): TensorData =>
  tensorData('float32', shape, new Float32Array(sizeOf(shape)).fill(value));

/**
 * One step of SGD with momentum on a small network: convolutions of stride 1 and 2, batch norm with its running statistics,
 * ReLU, maximum and average pooling, a classifier, softmax and cross-entropy.
 */
export function trainingTrial(): Trial {
  const graph = new Graph();
  const state = new Map<string, TensorData>();
  const slot = (name: string, value: TensorData): Tensor => {
    state.set(name, value);
    return graph.state(name, value.shape);
  };
  const trained = new Map<string, Tensor>();
  const parameter = (name: string, value: TensorData): Tensor => {
    const tensor = slot(name, value);
    trained.set(name, tensor);
    return tensor;
  };
  const labels = graph.input('labels', [image[0]], 'int32');
  const first = conv2d(graph.input('image', image), parameter('conv1', numbers([8, 3, 3, 3], 1, 0.4)), {
    padding: 1,
  });
  const scale = parameter('scale', filled([8], 1));
  const normal = batchNormTraining(first, scale, parameter('offset', numbers([8], 2, 0.1)), {
    epsilon: 1e-5,
  });
  const pooled = maxPool(relu(normal), { kernel: 3, stride: 2, padding: 1 });
  const second = conv2d(pooled, parameter('conv2', numbers([8, 8, 3, 3], 3, 0.3)), { stride: 2, padding: 1 });
  const embedding = globalAveragePool(relu(second));
  const weight = parameter('fc', numbers([8, classes], 4, 0.5));
  const logits = add(matmul(embedding, weight), parameter('bias', numbers([classes], 5, 0.1)));
  const loss = mean(softmaxCrossEntropy(logits, labels));
  const kept = (name: string, start: number, value: Tensor): [string, Tensor] => [
    name,
    add(mul(slot(name, filled([8], start)), 0.9), mul(value, 0.1)),
  ];
  const updates = new Map<string, Tensor>([
    kept('running.mean', 0, channelMean(first)),
    kept('running.variance', 1, channelVariance(first)),
  ]);
  const rate = graph.input('lr', []);
  gradients(loss, [...trained.values()]).forEach((gradient, i) => {
    const [name, tensor] = [...trained][i]!;
    const momentum = add(mul(slot(`${name}.momentum`, numbers(tensor.shape, 6 + i, 0.01)), 0.9), gradient);
    updates.set(`${name}.momentum`, momentum);
    updates.set(name, sub(tensor, mul(rate, momentum)));
  });
  const feeds: Feeds = {
    image: numbers(image, 20),
    labels: tensorData('int32', [image[0]], Int32Array.of(0, 3, 1, 4)),
    lr: filled([], 0.1),
  };
  return trialOf(program({ name: 'training trial', outputs: { loss, logits }, updates }), feeds, state);
}

/** A frozen program with a residual block, and batches to calibrate it with: what a teacher in int8 is. */
export function frozenTrial(): Trial & { readonly batches: readonly Feeds[] } {
  const graph = new Graph();
  const values = new Map<string, TensorData>();
  const layer = (name: string, x: Tensor, inputs: number): Tensor => {
    const weight = numbers([16, inputs, 3, 3], values.size + 1, Math.sqrt(6 / (9 * inputs)));
    values.set(name, weight);
    return conv2d(x, graph.state(name, weight.shape), { padding: 1 });
  };
  const stem = relu(layer('stem', graph.input('image', image), 3));
  const block = relu(add(layer('second', relu(layer('first', stem, 16)), 16), stem));
  const target = program({ name: 'frozen trial', outputs: { embedding: globalAveragePool(block) } });
  const batches = [0, 1].map((i) => ({ image: numbers(image, 30 + i) }));
  return { ...trialOf(bindState(target, values), { image: numbers(image, 40) }), batches };
}
