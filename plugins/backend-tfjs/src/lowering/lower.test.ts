import { type TensorflowNode, tfAttr } from '@limbeck/formats';
import {
  add,
  argMax,
  batchNormTraining,
  bindState,
  conv2d,
  Graph,
  globalAveragePool,
  gradients,
  less,
  matmul,
  mul,
  type Program,
  pad,
  primitive,
  program,
  relu,
  reshape,
  reverse,
  slice,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tensorData,
  transpose,
  where,
} from '@limbeck/graph';
import { expect, test } from 'vitest';
import { lower, prepare } from './lower.js';

const nodesOf = (target: Program): readonly TensorflowNode[] => lower(prepare(target)).graph.nodes;

const plumbing = ['Placeholder', 'Const', 'Identity', 'NoOp', 'VarHandleOp', 'ReadVariableOp', 'DeepCopy'];

/** What computes, without what brings values in and out. */
const operators = (outputs: Readonly<Record<string, Tensor>>): string[] =>
  nodesOf(program({ name: 'p', outputs }))
    .map(({ op }) => op)
    .filter((op) => !plumbing.includes(op));

/** Two layers with batch norm and residual addition, pooling and a classifier, trained by momentum. */
function network(): Program {
  const graph = new Graph();
  const lr = graph.input('lr', []);
  const state = (name: string, shape: readonly number[]) => graph.state(name, shape);
  const parameters: Tensor[] = [];
  const parameter = (name: string, shape: readonly number[]) => {
    const made = state(name, shape);
    parameters.push(made);
    return made;
  };
  const layer = (x: Tensor, name: string, inputs: number) => {
    const y = conv2d(x, parameter(`${name}.weight`, [8, inputs, 3, 3]), { padding: 1 });
    const [scale, bias] = [parameter(`${name}.scale`, [8]), parameter(`${name}.bias`, [8])];
    return relu(batchNormTraining(y, scale, bias, { epsilon: 1e-5 }));
  };
  const first = layer(graph.input('image', [2, 3, 8, 8]), 'first', 3);
  const second = add(layer(first, 'second', 8), first);
  const logits = matmul(globalAveragePool(second), parameter('fc', [8, 5]));
  const loss = sum(mul(logits, logits));
  const updates = new Map(
    gradients(loss, parameters).flatMap((gradient, i) => {
      const name = parameters[i]!.attributes.name as string;
      const momentum = add(mul(state(`${name}.momentum`, gradient.shape), 0.9), gradient);
      return [
        [`${name}.momentum`, momentum],
        [name, sub(parameters[i]!, mul(lr, momentum))],
      ] as const;
    }),
  );
  return program({ name: 'network', outputs: { loss }, updates });
}

/** The nodes a signature's outputs depend on. */
function ancestors(nodes: readonly TensorflowNode[], roots: readonly string[]): TensorflowNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const found = new Set<TensorflowNode>();
  const stack = [...roots];
  while (stack.length > 0) {
    const node = byName.get(stack.pop()!.replace(/^\^|:\d+$/g, ''))!;
    if (found.has(node)) continue;
    found.add(node);
    stack.push(...node.inputs);
  }
  return [...found];
}

test('a training step moves the images and nothing else', () => {
  const { graph, signatures } = lower(prepare(network()));
  const step = ancestors(
    graph.nodes,
    Object.values(signatures.step!.outputs).map(({ value }) => value),
  );
  const count = (op: string) => step.filter((node) => node.op === op).length;
  // [N, C, H, W] as it is given; weights and momenta are kept as the kernels read them
  expect(count('Transpose')).toBe(1);
  expect(count('Conv2D')).toBe(2);
  // the images want no gradient
  expect(count('Conv2DBackpropInput')).toBe(1);
  expect(count('Conv2DBackpropFilter')).toBe(2);
  // normalised map and statistics from one node, gradients for map, scale and bias from another
  expect(count('FusedBatchNormV3')).toBe(2);
  expect(count('FusedBatchNormGradV3')).toBe(2);
  expect(count('ReluGrad')).toBe(2);
  // the gradient of the pooling is stretched once, where a kernel wants it whole
  expect(count('BroadcastTo')).toBeLessThanOrEqual(1);
});

test('in bfloat16 maps stay so from layer to layer, and state is float32', () => {
  const { graph, signatures } = lower(prepare(network()), { mapType: 'bfloat16' });
  const step = ancestors(
    graph.nodes,
    Object.values(signatures.step!.outputs).map(({ value }) => value),
  );
  const typesOf = (...ops: string[]) =>
    new Set(step.filter(({ op }) => ops.includes(op)).map(({ attributes }) => attributes.T!.value));
  expect(typesOf('Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter')).toEqual(new Set(['bfloat16']));
  expect(typesOf('FusedBatchNormV3', 'FusedBatchNormGradV3', 'Relu')).toEqual(new Set(['bfloat16']));
  expect(typesOf('MatMul', 'Mean')).toEqual(new Set(['float32']));
  const variables = graph.nodes.filter(({ op }) => op === 'VarHandleOp');
  expect(new Set(variables.map(({ attributes }) => attributes.dtype!.value))).toEqual(new Set(['float32']));
  // images, two weights and the gradient of the pooling, small and stretched, in; the map that is pooled and the
  // gradients of two weights out
  expect(step.filter(({ op }) => op === 'Cast')).toHaveLength(8);
});

test.each([
  [8, 'bfloat16', 'cpu', 'MatMul'],
  [16, 'bfloat16', 'cpu', 'Conv2DBackpropFilter'],
  [8, 'float32', 'cpu', 'Conv2DBackpropFilter'],
  [8, 'bfloat16', 'cuda', 'Conv2DBackpropFilter'],
] as const)('weight gradients over maps of %i columns in %s on %s are %s', (size, mapType, device, op) => {
  const small = new Graph();
  const weight = small.state('weight', [256, 4, 3, 3]);
  const y = conv2d(small.input('map', [1, 4, size, size]), weight, { padding: 1 });
  const [gradient] = gradients(sum(mul(y, y)), [weight]) as [Tensor];
  const { nodes } = lower(prepare(program({ name: 'p', outputs: { gradient } })), { mapType, device }).graph;
  const found = nodes.filter((node) => ['MatMul', 'Conv2DBackpropFilter'].includes(node.op));
  expect(new Set(found.map((node) => node.op))).toEqual(new Set([op]));
});

test('state is written and read in the order of the program', () => {
  const { graph, signatures } = lower(prepare(network()));
  expect(signatures.write!.inputs['second.weight']!.shape).toEqual([8, 8, 3, 3]);
  const written = ancestors(
    graph.nodes,
    Object.values(signatures.write!.outputs).map(({ value }) => value),
  );
  expect(written.filter(({ op }) => op === 'Transpose')).toHaveLength(4);
  // what is fed is not kept
  expect(written.filter(({ op }) => op === 'DeepCopy')).toHaveLength(
    Object.keys(signatures.write!.inputs).length,
  );
});

test('variables change after everything is computed, outputs come after that', () => {
  const { graph, signatures } = lower(prepare(network()));
  const assigns = graph.nodes.filter(({ op }) => op === 'AssignVariableOp');
  const computed = graph.nodes.find(({ name }) => name.startsWith('computed'))!;
  const step = ancestors(graph.nodes, [signatures.step!.outputs.loss!.value]);
  const own = assigns.filter((node) => step.includes(node));
  expect(own.map(({ inputs }) => inputs.at(-1))).toEqual(own.map(() => `^${computed.name}`));
  const before = ancestors(graph.nodes, [computed.name]);
  expect(before.filter(({ op }) => op === 'ReadVariableOp')).toHaveLength(own.length);
});

const graph = new Graph();
const x = graph.input('x', [2, 3]);

test('what is only an identity, or other names of the axes, makes no node', () => {
  expect(operators({ y: relu(stopGradient(x)) })).toEqual(['Relu']);
  expect(operators({ y: relu(transpose(transpose(x))) })).toEqual(['Relu']);
});

test('one number a channel becomes a bias, frozen batch norm goes into the convolution', () => {
  const map = graph.input('map', [1, 2, 4, 4]);
  const weight = graph.state('conv.weight', [3, 2, 3, 3]);
  const bias = reshape(graph.state('conv.bias', [3]), [3, 1, 1]);
  const target = program({ name: 'p', outputs: { z: relu(add(conv2d(map, weight), bias)) } });
  const frozen = bindState(
    target,
    new Map(target.state.map(({ name, current }) => [name, tensorData('float32', current.shape)])),
  );
  const found = nodesOf(frozen).map(({ op }) => op);
  expect(found.filter((op) => !plumbing.includes(op) && op !== 'Reshape')).toEqual([
    'Transpose',
    'Conv2D',
    'BiasAdd',
    'Relu',
    'Transpose',
  ]);
});

test('numbers of padding are never told to a depthwise convolution, which TensorFlow loses where a bias follows', () => {
  const map = graph.input('wide map', [1, 4, 8, 8]);
  const weight = graph.state('depthwise.weight', [4, 1, 3, 3]);
  const nodes = nodesOf(
    program({ name: 'p', outputs: { y: conv2d(map, weight, { stride: 2, padding: 1, groups: 4 }) } }),
  );
  const depthwise = nodes.find(({ op }) => op === 'DepthwiseConv2dNative')!;
  expect(depthwise.attributes.padding).toEqual(tfAttr.string('VALID'));
  expect(depthwise.attributes.explicit_paddings).toBeUndefined();
  expect(nodes.filter(({ op }) => op === 'Pad')).toHaveLength(1);
});

test('equal constants are stored once, large ones without a copy', () => {
  const data = tensorData('float32', [2, 300], new Float32Array(600).fill(0.5));
  const wide = graph.input('wide', [2, 300]);
  const large = graph.constant(data);
  const nodes = nodesOf(
    program({ name: 'p', outputs: { y: add(add(wide, large), 2), z: mul(mul(wide, large), 2) } }),
  );
  const constants = nodes.filter(({ op }) => op === 'Const').map(({ attributes }) => attributes.value);
  expect(constants).toHaveLength(2);
  expect(constants.some((value) => value?.kind === 'tensor' && value.value.data === data.data)).toBe(true);
});

test('names of nodes begin with their scope', () => {
  const y = graph.scoped('student.layer1.0.conv1', () => relu(x));
  const names = nodesOf(program({ name: 'p', outputs: { y } })).map(({ name }) => name);
  expect(names).toContainEqual(expect.stringMatching(/^student\.layer1\.0\.conv1\/Relu/));
});

test('what cannot be computed is named, with its place', () => {
  const half = graph.input('half', [2], 'bfloat16');
  const sumOfHalves = graph.scoped('student.head', () => add(half, half));
  expect(() => nodesOf(program({ name: 'p', outputs: { y: sumOfHalves } }))).toThrow(
    "does not compute in bfloat16: 'add' at student.head",
  );
  const odd = primitive<'fold', [x: Tensor]>('fold', {
    infer: ([type]) => type!,
    reference: ([value]) => value!.data,
    samples: [],
  });
  expect(() => nodesOf(program({ name: 'p', outputs: { y: odd(x) } }))).toThrow("does not know 'fold'");
});

test.each([
  ['pad', (y: Tensor) => pad(y, { before: Array(7).fill(1), after: Array(7).fill(0) }), 7, '6 axes at most'],
  ['slice', (y: Tensor) => slice(y, { axis: 8, start: 1 }), 9, '8 axes at most'],
  ['reverse', (y: Tensor) => reverse(y, { axes: [0] }), 9, '8 axes at most'],
  ['argMax', (y: Tensor) => argMax(y), 8, '7 axes at most'],
  ['where', (y: Tensor) => where(less(y, 0), mul(y, 2), y), 9, '8 axes at most'],
  ['add', (y: Tensor) => add(y, sum(y, { axis: [1, 3, 5], keepDims: true })), 6, 'broadcasts over 5 axes'],
])('shapes that %s would fail on in a step are named, with the place', (name, make, rank, why) => {
  const scoped = new Graph();
  const y = scoped.input('y', Array(rank).fill(2));
  const z = scoped.scoped('student.head', () => make(y));
  const lowered = () => nodesOf(program({ name: 'p', outputs: { z } }));
  expect(lowered).toThrow(new RegExp(`does not run '${name}' of .*${why}.* at student.head`));
});

test('axes that are stretched alike count as one', () => {
  const y = new Graph().input('y', Array(8).fill(2));
  const mean = sum(y, { axis: [4, 5, 6, 7], keepDims: true });
  expect(nodesOf(program({ name: 'p', outputs: { z: add(y, mean) } })).map(({ op }) => op)).toContain(
    'AddV2',
  );
});
