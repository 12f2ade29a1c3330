import {
  add,
  argMax,
  avgPool,
  batchNorm,
  bindState,
  broadcastTo,
  concat,
  conv2d,
  flatten,
  Graph,
  gelu,
  globalAveragePool,
  matmul,
  maxPool,
  mean,
  type Program,
  program,
  relu,
  reshape,
  slice,
  softmax,
  sum,
  type Tensor,
  type TensorData,
  transpose,
} from '@limbeck/graph';
import { patternFill } from '../golden/pattern.js';

const seed = 'deployable';

/**
 * For tests of exporters: a small network of images [N, 3, 8, 8] with most of what deployed students are made of, and what
 * means something else for one image than for many. With state.
 */
export function deployableNetwork(batch: number): Program {
  const graph = new Graph();
  const image = graph.input('image', [batch, 3, 8, 8]);
  const vector = (name: string) => graph.state(name, [8]);
  const conv = graph.scoped('conv1', () =>
    conv2d(image, graph.state('conv1.weight', [8, 3, 3, 3]), { padding: 1 }),
  );
  const names = ['mean', 'variance', 'scale', 'bias'];
  const statistics = names.map((name) => vector(`bn1.${name}`)) as [Tensor, Tensor, Tensor, Tensor];
  const map = relu(batchNorm(conv, ...statistics, { epsilon: 1e-5 }));
  const sparse = conv2d(map, graph.state('conv2.weight', [8, 1, 3, 3]), { padding: 1, stride: 2, groups: 8 });
  const deep = relu(add(sparse, reshape(vector('conv2.bias'), [8, 1, 1])));
  const pooled = add(add(maxPool(map, { kernel: 2 }), avgPool(map, { kernel: 2 })), deep);
  const embedding = globalAveragePool(pooled);
  // the axes change places: what moves no data for one image does for many
  const shuffled = reshape(transpose(reshape(pooled, [batch, 2, 4, 16]), [0, 2, 1, 3]), [batch, 8, 16]);
  const turned = transpose(reshape(embedding, [batch, 1, 8]), [1, 0, 2]);
  // a class token is one for all images
  const token = broadcastTo(graph.state('token', [1, 1, 8]), [batch, 1, 8]);
  const tokens = concat([token, transpose(shuffled, [0, 2, 1])], { axis: 1 });
  const rows = add(mean(gelu(tokens), { axis: 1 }), reshape(turned, [batch, 8]));
  // for one image a map of 1x1 looks like a bias
  const small = conv2d(pooled, graph.state('conv3.weight', [8, 8, 4, 4]));
  const excited = add(small, reshape(embedding, [batch, 8, 1, 1]));
  const lifted = add(pooled, reshape(embedding, [batch, 8, 1, 1]));
  const both = concat([embedding, add(rows, reshape(excited, [batch, 8]))], { axis: 1 });
  const logits = add(
    matmul(both, graph.state('fc.weight', [5, 16]), { transposeB: true }),
    graph.state('fc.bias', [5]),
  );
  const first = slice(flatten(lifted), { axis: 1, end: 4 });
  const stretched = broadcastTo(sum(embedding, { axis: 1, keepDims: true }), [batch, 4]);
  const outputs = {
    logits,
    probabilities: softmax(logits),
    class: argMax(logits),
    first,
    stretched,
    bias: add(stretched, first),
  };
  return program({ name: 'network', outputs });
}

/** {@link deployableNetwork} with weights of a pattern: what exporters take. */
export function boundNetwork(batch: number): Program {
  const network = deployableNetwork(batch);
  const weights = network.state.map(({ name, current: { shape } }) => {
    // a variance is not negative
    const fill = name.endsWith('variance') ? Math.abs : undefined;
    return [name, patternFill(seed, name, shape, fill)] as const;
  });
  return bindState(network, new Map(weights));
}

/** Images for {@link deployableNetwork}. */
export const networkImages = (batch: number): TensorData<'float32'> =>
  patternFill(seed, 'image', [batch, 3, 8, 8]);
