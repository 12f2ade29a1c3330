import { Graph, interpret, program, relu, tensorData } from '@limbeck/graph';
import { describe, expect, test } from 'vitest';
import { Scope } from './scope.js';
import { initialState, type Mode, Trace } from './trace.js';

function start(mode: Mode = 'train', prefix = 'student') {
  const graph = new Graph();
  const trace = new Trace(graph, { prefix, mode });
  return { graph, trace, root: new Scope(trace) };
}

describe('names', () => {
  test('fall out of the places, as the published state dicts have them', () => {
    const { graph, trace, root } = start();
    const x = graph.input('image', [2, 3, 8, 8]);
    const block = root.in('layer1').in(0);
    block.batchNorm('bn1', block.conv('conv1', x, { out: 4, kernel: 3, padding: 1 }));
    root.linear('fc', graph.input('v', [2, 5]), { out: 7 });
    expect([...trace.variables.values()].map((v) => [v.name, v.stateName, v.kind, v.tensor.shape])).toEqual([
      ['layer1.0.conv1.weight', 'student.layer1.0.conv1.weight', 'parameter', [4, 3, 3, 3]],
      ['layer1.0.bn1.weight', 'student.layer1.0.bn1.weight', 'parameter', [4]],
      ['layer1.0.bn1.bias', 'student.layer1.0.bn1.bias', 'parameter', [4]],
      ['layer1.0.bn1.running_mean', 'student.layer1.0.bn1.running_mean', 'buffer', [4]],
      ['layer1.0.bn1.running_var', 'student.layer1.0.bn1.running_var', 'buffer', [4]],
      ['fc.weight', 'student.fc.weight', 'parameter', [7, 5]],
      ['fc.bias', 'student.fc.bias', 'parameter', [7]],
    ]);
  });

  test('nodes know where they were made', () => {
    const { graph, root } = start();
    const y = root.in('layer1').conv('conv1', graph.input('image', [1, 3, 4, 4]), { out: 2, kernel: 1 });
    expect(y.scope).toBe('student.layer1.conv1');
  });

  test('the same name twice is the same variable; with another shape it is an error naming both', () => {
    const { graph, root } = start();
    const v = graph.input('v', [2, 5]);
    expect(root.linear('fc', v, { out: 7 })).toBe(root.linear('fc', v, { out: 7 }));
    expect(() => root.linear('fc', v, { out: 8 })).toThrow(
      "'fc.weight' has shape [7, 5] already and cannot also have [8, 5]",
    );
  });
});

describe('taps', () => {
  test('layers and blocks are addressable by path, taps by name', () => {
    const { graph, trace, root } = start();
    const x = graph.input('image', [1, 3, 4, 4]);
    const result = root.block('layer1', (m) =>
      m.tap('stage1', relu(m.conv('conv1', x, { out: 2, kernel: 1 }))),
    );
    expect(trace.find('layer1')).toBe(result);
    expect(trace.find('stage1')).toBe(result);
    expect(trace.find('layer1.conv1')).toBe(result.inputs[0]);
    expect(trace.find('layer2')).toBeUndefined();
  });

  test('a name for two results is an error', () => {
    const { graph, root } = start();
    root.tap('stem', graph.input('a', [1]));
    expect(() => root.tap('stem', graph.input('b', [1]))).toThrow("tap 'stem' is declared twice");
  });
});

describe('batch norm', () => {
  // PyTorch 2.9, torch.nn.BatchNorm2d(2) on arange(24)^1.5 / 10 as [3, 2, 2, 2]
  const pixels = Float32Array.from({ length: 24 }, (_, i) => i ** 1.5 / 10);

  function run(mode: Mode) {
    const { graph, trace, root } = start(mode, '');
    const y = root.batchNorm('bn', graph.input('x', [3, 2, 2, 2]));
    const step = program({ name: 'step', outputs: { y }, updates: trace.updates });
    const state = initialState(trace.variables.values(), 1);
    return interpret(step, new Map([['x', tensorData('float32', [3, 2, 2, 2], pixels)]]), state);
  }

  test('normalises with the batch and follows it with running statistics, the variance unbiased', () => {
    const { outputs, state } = run('train');
    const y = outputs.get('y')!.data;
    const expected = [-1.1774245391789486, -1.1437868056902765, -1.0822826613646053, -1.0026377488174254];
    expect([...y.slice(0, 4)]).toEqual(expected.map((value) => expect.closeTo(value, 5)));
    expect(y[23]).toBeCloseTo(1.5555032523212173, 5);
    expect([...state.get('bn.running_mean')!.data]).toEqual(
      [0.35003087814327977, 0.5420724646155448].map((value) => expect.closeTo(value, 6)),
    );
    expect([...state.get('bn.running_var')!.data]).toEqual(
      [1.8641278292317578, 2.3188084702432255].map((value) => expect.closeTo(value, 5)),
    );
  });

  test('uses the running statistics in evaluation and leaves them as they are', () => {
    const { outputs, state } = run('eval');
    expect(outputs.get('y')!.data[23]).toBeCloseTo(pixels[23]! / Math.sqrt(1 + 1e-5), 4);
    expect([...state.get('bn.running_mean')!.data]).toEqual([0, 0]);
  });

  test('takes vectors too, and refuses a single value a channel in training', () => {
    const { graph, root } = start();
    expect(root.batchNorm('a', graph.input('v', [4, 3])).shape).toEqual([4, 3]);
    expect(() => root.batchNorm('b', graph.input('one', [1, 3]))).toThrow(
      /'b' needs more than one value a channel/,
    );
    expect(() => root.batchNorm('c', graph.input('cube', [1, 3, 2]))).toThrow('not [1, 3, 2]');
  });
});

test('a convolution whose channels do not divide into its groups names them', () => {
  const { graph, root } = start();
  expect(() => root.conv('conv1', graph.input('x', [1, 6, 4, 4]), { out: 4, kernel: 3, groups: 4 })).toThrow(
    "convolution 'conv1': 6 input and 4 output channels do not divide into 4 groups",
  );
});
