import { composites, type Program, primitives } from '@limbeck/graph';
import { gradientProgram, sampleProgram } from '@limbeck/testkit';
import { describe, expect, test } from 'vitest';
import { names } from '../loaded-program.js';
import { kernelsOf } from './device-kernels.js';
import { lower, prepare } from './lower.js';

/** Every operation forward and backward, as far as its samples go. */
const programs: readonly Program[] = [...Object.values(primitives), ...Object.values(composites)].flatMap(
  (operation) =>
    operation.samples.flatMap((_, index) => {
      const backward = gradientProgram(operation, index);
      return [sampleProgram(operation, index).program, ...(backward === undefined ? [] : [backward.program])];
    }),
);

describe.each(['webgpu', 'cuda'] as const)('models for %s', (device) => {
  const kernels = kernelsOf[device];
  const nodes = programs.flatMap((program) => {
    const target = { portable: true, kernels, channelBlock: 0, opset: 20 };
    return lower(prepare(program, { kernels, opset: 20 }), { target, names }).graph.nodes.map((node) => ({
      program: program.name,
      ...node,
    }));
  });
  const whichUse = (opType: string, misuse: (node: (typeof nodes)[number]) => boolean) =>
    nodes.filter((node) => node.opType === opType && misuse(node)).map(({ program }) => program);

  test('normalise a batch without the training mode, which the device lacks', () => {
    expect(nodes.length).toBeGreaterThan(500);
    expect(whichUse('BatchNormalization', ({ attributes }) => 'training_mode' in attributes)).toEqual([]);
  });

  test('take maxima without asking where they lie', () => {
    expect(whichUse('MaxPool', ({ outputs }) => outputs.length > 1)).toEqual([]);
    expect(whichUse('MaxUnpool', () => true)).toEqual([]);
  });

  test('use the operators of ONNX alone', () => {
    expect(nodes.filter(({ domain = '' }) => domain !== '').map(({ opType }) => opType)).toEqual([]);
  });
});

test('cuDNN raises small epsilons, so that models for CUDA give it none', () => {
  const kernels = kernelsOf.cuda;
  const target = { portable: true, kernels, channelBlock: 0, opset: 20 };
  const epsilons = programs
    .flatMap((program) => lower(prepare(program, { kernels, opset: 20 }), { target, names }).graph.nodes)
    .filter(({ opType }) => opType === 'BatchNormalization')
    .map(({ attributes }) => attributes.epsilon);
  expect(epsilons.length).toBeGreaterThan(0);
  for (const epsilon of epsilons)
    expect(epsilon).toMatchObject({ value: expect.toSatisfy((e: number) => e >= 1e-5) });
});
