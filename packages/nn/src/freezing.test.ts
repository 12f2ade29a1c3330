import { Graph, interpret, leafName, mean, program, tensorData } from '@limbeck/graph';
import { describe, expect, test } from 'vitest';
import { frozenBy } from './freezing.js';
import { Scope } from './scope.js';
import { Trace } from './trace.js';

test('patterns freeze by name, and so does a group with a factor of 0, the first that fits', () => {
  const frozen = frozenBy(
    ['^student\\.stem\\.'],
    [
      { match: '\\.bias$', weightDecay: 0 },
      { match: 'layer1', lrFactor: 0 },
    ],
  );
  const names = [
    'student.stem.weight',
    'student.layer1.weight',
    'student.layer1.bias',
    'student.layer2.weight',
  ];
  expect(names.map(frozen)).toEqual([true, true, false, false]);
});

describe('a batch norm in training', () => {
  /** Its names that change, and the mean of what it makes of a batch. */
  function train(...patterns: string[]) {
    const graph = new Graph();
    const trace = new Trace(graph, { prefix: 'student', mode: 'train', frozen: frozenBy(patterns) });
    const y = new Scope(trace).batchNorm('bn', graph.input('x', [4, 1]));
    const step = program({ name: 'step', outputs: { y: mean(y) }, updates: trace.updates });
    const vector = (value: number) => tensorData('float32', [1], Float32Array.of(value));
    const state = new Map(step.state.map(({ current }) => [leafName(current), vector(1)]));
    const x = tensorData('float32', [4, 1], Float32Array.of(3, 5, 3, 5));
    const { outputs } = interpret(step, new Map([['x', x]]), state);
    return { changed: [...trace.updates.keys()], mean: outputs.get('y')!.data[0] };
  }

  test('normalises with the batch and follows it', () => {
    expect(train()).toEqual({ changed: ['student.bn.running_mean', 'student.bn.running_var'], mean: 1 });
  });

  test.each([[['^student\\.bn\\.']], [['running_(mean|var)$']], [['weight$', 'bias$']]])(
    'frozen by %j, keeps its running statistics and normalises with them',
    (patterns) => {
      const { changed, mean: result } = train(...patterns);
      expect(changed).toEqual([]);
      expect(result).toBeCloseTo(4, 4);
    },
  );

  test('goes on where only one of its parameters is frozen', () => {
    expect(train('weight$').changed).toHaveLength(2);
  });
});
