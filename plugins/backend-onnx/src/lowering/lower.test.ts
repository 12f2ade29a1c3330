import {
  add,
  conv2d,
  Graph,
  gradients,
  less,
  log,
  matmul,
  mul,
  type Program,
  program,
  relu,
  reshape,
  sqrt,
  stopGradient,
  sum,
  type Tensor,
  tanh,
  tensorData,
  where,
} from '@limbeck/graph';
import { expect, test } from 'vitest';
import { names } from '../loaded-program.js';
import { standardKernels } from './device-kernels.js';
import { lower, prepare } from './lower.js';

const lowered = (target: Program) =>
  lower(prepare(target, { kernels: standardKernels, opset: 20 }), {
    target: { portable: false, kernels: standardKernels, channelBlock: 16, opset: 20 },
    names,
  }).graph;

const operators = (outputs: Readonly<Record<string, Tensor>>): string[] =>
  lowered(program({ name: 'p', outputs })).nodes.map(({ opType }) => opType);

const graph = new Graph();
const x = graph.input('x', [2, 3]);

test('what is only an identity makes no node', () => {
  expect(operators({ y: relu(stopGradient(x)) })).toEqual(['Relu']);
});

test('outputs bear their names without copies, unless one value has two names', () => {
  const y = relu(x);
  expect(operators({ y })).toEqual(['Relu']);
  expect(operators({ y, z: y })).toEqual(['Relu', 'Identity']);
  expect(operators({ x })).toEqual(['Identity']);
});

test('the gradient of a ReLU between layers is a step function and a product', () => {
  const product = matmul(relu(x), graph.state('next.weight', [3, 4]));
  const [dx] = gradients(sum(mul(product, product)), [x]) as [Tensor];
  expect(operators({ dx })).toEqual(expect.arrayContaining(['HardSigmoid', 'Mul']));
  expect(operators({ dx })).not.toContain('Where');
});

test('a gradient that a closed ReLU may have to stop is chosen, and so is whatever only looks like one', () => {
  const [dx] = gradients(sum(sqrt(relu(x))), [x]) as [Tensor];
  expect(operators({ dx })).toContain('Where');
  const chosen = operators({ y: where(less(0, x), log(x), 0) });
  expect(chosen).toContain('Where');
  expect(chosen).not.toContain('HardSigmoid');
});

test('one number a channel becomes the bias of a convolution or a product', () => {
  const map = graph.input('map', [1, 2, 4, 4]);
  const y = conv2d(map, graph.state('conv.weight', [3, 2, 3, 3]));
  const bias = reshape(graph.state('conv.bias', [3]), [3, 1, 1]);
  expect(operators({ z: add(y, bias) })).toEqual(['Reshape', 'Reshape', 'Conv']);
  expect(operators({ y, z: add(y, bias) })).toContain('Add');
  const product = matmul(x, graph.state('fc.weight', [3, 4]));
  expect(operators({ z: add(product, graph.state('fc.bias', [4])) })).toEqual(['Gemm']);
});

test('equal constants are stored once, large ones without a copy', () => {
  const data = tensorData('float32', [2, 300], new Float32Array(600).fill(0.5));
  const wide = graph.input('wide', [2, 300]);
  const large = graph.constant(data);
  const { initializers } = lowered(
    program({ name: 'p', outputs: { y: add(add(wide, large), 2), z: mul(mul(wide, large), 2) } }),
  );
  expect(initializers.map((tensor) => tensor.shape)).toEqual(expect.arrayContaining([[], [2, 300]]));
  expect(initializers).toHaveLength(2);
  expect(initializers.some((tensor) => tensor.data === data.data)).toBe(true);
});

test('names of nodes begin with their scope', () => {
  const y = graph.scoped('student.layer1.0.conv1', () => tanh(x));
  expect(lowered(program({ name: 'p', outputs: { y } })).nodes[0]!.name).toMatch(
    /^student\.layer1\.0\.conv1\/Tanh/,
  );
});
