import {
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
});
