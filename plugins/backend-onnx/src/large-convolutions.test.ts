import {
  add,
  type Conv2dOptions,
  conv2d,
  Graph,
  gradients,
  interpret,
  mean,
  mul,
  program,
  square,
  type Tensor,
} from '@limbeck/graph';
import { deviationOf, patternFill } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import { onnxBackend } from './backend.js';

/** Sizes that reach every way of writing a convolution's gradients, which the samples of the operation are too small for. */
const cases: readonly (readonly [what: string, x: number[], weight: number[], options: Conv2dOptions])[] = [
  ['blocked, separate shifts', [2, 32, 6, 7], [16, 32, 3, 3], { padding: 1 }],
  ['blocked, one product over the batch', [2, 32, 2, 2], [32, 32, 3, 3], { padding: 1 }],
  ['blocked, stride 2', [2, 16, 8, 8], [32, 16, 3, 3], { padding: 1, stride: 2 }],
  ['blocked, no padding', [2, 16, 6, 6], [16, 16, 3, 3], {}],
  ['blocked, even kernel, uneven padding', [2, 16, 5, 6], [16, 16, 2, 4], { padding: [0, 1, 1, 2] }],
  ['blocked, dilated', [1, 16, 7, 7], [16, 16, 3, 3], { padding: 2, dilation: 2 }],
  ['few input channels', [2, 3, 6, 6], [16, 3, 3, 3], { padding: 1 }],
  ['one input channel', [2, 1, 6, 6], [16, 1, 3, 3], { padding: 1 }],
  ['channels outside blocks', [2, 20, 5, 5], [24, 20, 3, 3], { padding: 1 }],
  ['more padding than the kernel reaches', [1, 4, 4, 4], [4, 4, 3, 3], { padding: 3 }],
  ['1x1', [2, 16, 4, 4], [32, 16, 1, 1], {}],
  ['1x1, stride 2', [2, 16, 5, 5], [32, 16, 1, 1], { stride: 2 }],
  ['depthwise', [2, 32, 5, 5], [32, 1, 3, 3], { padding: 1, groups: 32 }],
  ['depthwise, stride 2', [2, 16, 6, 6], [16, 1, 3, 3], { padding: 1, groups: 16, stride: 2 }],
  ['depthwise, channels outside blocks', [8, 6, 5, 4], [6, 1, 3, 3], { padding: 1, groups: 6 }],
  ['depthwise, batch outside blocks', [3, 5, 5, 4], [5, 1, 3, 3], { padding: 1, groups: 5 }],
  ['depthwise, no padding', [4, 8, 6, 5], [8, 1, 3, 3], { groups: 8 }],
  ['depthwise, stride 2, odd size', [4, 8, 7, 5], [8, 1, 3, 3], { padding: 1, groups: 8, stride: 2 }],
  ['depthwise, stride 2, a row left over', [4, 8, 8, 8], [8, 1, 3, 3], { groups: 8, stride: 2 }],
  ['depthwise, dilated', [4, 8, 7, 7], [8, 1, 3, 3], { padding: 2, dilation: 2, groups: 8 }],
  ['depthwise, 5x5, much padding', [4, 8, 4, 4], [8, 1, 5, 5], { padding: 3, groups: 8 }],
  ['depthwise, even kernel', [4, 8, 5, 6], [8, 1, 2, 4], { padding: [0, 1, 1, 2], groups: 8 }],
  ['two filters a channel', [4, 8, 5, 5], [16, 1, 3, 3], { padding: 1, groups: 8 }],
  ['groups', [2, 32, 4, 4], [32, 16, 3, 3], { padding: 1, groups: 2 }],
];

describe('convolutions and their gradients', () => {
  test.each(cases)('%s', async (_, xShape, weightShape, options) => {
    const graph = new Graph();
    const [x, weight] = [graph.input('x', xShape), graph.input('weight', weightShape)];
    const y = conv2d(x, weight, options);
    // a gradient that differs from place to place
    const loss = mean(square(mul(y, graph.input('factor', y.shape))));
    const [dx, dw] = gradients(loss, [x, weight]) as [Tensor, Tensor];
    const target = program({ name: 'convolution', outputs: { y, dx, dw } });
    const inputs = new Map(
      target.inputs.map((input) => {
        const name = input.attributes.name as string;
        return [name, patternFill('convolutions', name, input.shape)];
      }),
    );
    const expected = interpret(target, inputs).outputs;
    const executable = await onnxBackend.compile(target, { threads: 1 });
    const actual = await executable.step(Object.fromEntries(inputs));
    for (const [name, { data, shape }] of expected) {
      expect(actual[name]!.shape, name).toEqual(shape);
      expect(deviationOf(actual[name]!.data, data, 1e-6).relative, name).toBeLessThan(1e-4);
    }
    await executable.dispose();
  });

  test('depthwise with a bias', async () => {
    const graph = new Graph();
    const [x, weight] = [graph.input('x', [4, 8, 5, 5]), graph.input('weight', [8, 1, 3, 3])];
    const sum = add(conv2d(x, weight, { padding: 1, groups: 8 }), graph.input('bias', [8, 1, 1]));
    const target = program({ name: 'biased', outputs: { sum } });
    const inputs = new Map(
      target.inputs.map((input) => {
        const name = input.attributes.name as string;
        return [name, patternFill('convolutions', name, input.shape)];
      }),
    );
    const executable = await onnxBackend.compile(target, { threads: 1 });
    const actual = await executable.step(Object.fromEntries(inputs));
    const expected = interpret(target, inputs).outputs.get('sum')!;
    expect(deviationOf(actual.sum!.data, expected.data, 1e-6).relative).toBeLessThan(1e-5);
    await executable.dispose();
  });
});
