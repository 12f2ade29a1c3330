import {
  add,
  batchNormTraining,
  conv2d,
  Graph,
  globalAveragePool,
  gradients,
  logSoftmax,
  matmul,
  mean,
  mul,
  type Program,
  program,
  relu,
  type StateDict,
  softmax,
  softmaxCrossEntropy,
  sub,
  sum,
  type Tensor,
  type TensorData,
  tensorData,
} from '@limbeck/graph';
import { patternFill } from '@limbeck/testkit';

const [images, classes] = [4, 5];

/** Stages of convolution, normalisation by the batch and ReLU, at half the size each, then a classifier. */
function network(graph: Graph, name: string, image: Tensor, widths: readonly number[]): Tensor {
  let map = image;
  for (const [stage, width] of widths.entries()) {
    const at = `${name}.stage${stage}`;
    const weight = graph.state(`${at}.weight`, [width, map.shape[1]!, 3, 3]);
    const [scale, bias] = ['scale', 'bias'].map((part) => graph.state(`${at}.${part}`, [width]));
    const convolved = conv2d(map, weight, { stride: stage === 0 ? 1 : 2, padding: 1 });
    map = relu(batchNormTraining(convolved, scale!, bias!, { epsilon: 1e-5 }));
  }
  const classifier = graph.state(`${name}.classifier`, [map.shape[1]!, classes]);
  return matmul(globalAveragePool(map), classifier);
}

/** One step of distillation (Hinton et al., 2015): cross-entropy, the softened teacher's probabilities, SGD. */
export function distillation(): Program {
  const graph = new Graph();
  const image = graph.input('image', [images, 3, 8, 8]);
  const labels = graph.input('labels', [images], 'int32');
  const teacher = network(graph, 'teacher', image, [8, 16]);
  const student = network(graph, 'student', image, [4, 8]);
  const temperature = 4;
  const soft = (logits: Tensor) => mul(logits, 1 / temperature);
  const wanted = softmax(soft(teacher));
  const matched = sum(mul(wanted, sub(logSoftmax(soft(teacher)), logSoftmax(soft(student)))), { axis: 1 });
  const loss = add(mean(softmaxCrossEntropy(student, labels)), mul(mean(matched), temperature ** 2));
  const draft = program({ name: 'distillation', outputs: { loss } });
  const trained = draft.state.filter(({ name }) => name.startsWith('student.'));
  const slopes = gradients(
    loss,
    trained.map(({ current }) => current),
  );
  const updates = new Map(
    trained.map(({ name, current }, i) => [name, sub(current, mul(slopes[i]!, 0.05))] as const),
  );
  return program({ name: 'distillation', outputs: { loss }, updates });
}

export const stateOf = (target: Program): StateDict =>
  new Map(target.state.map(({ name, current }) => [name, patternFill('browser', name, current.shape)]));

export const batch = (step: number): Record<string, TensorData> => ({
  image: patternFill('browser', `image${step}`, [images, 3, 8, 8]),
  labels: tensorData(
    'int32',
    [images],
    Int32Array.from({ length: images }, (_, i) => (i + step) % classes),
  ),
});
