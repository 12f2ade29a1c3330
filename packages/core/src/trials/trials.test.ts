import { interpret, nodesOf, type Program, type StateDict, signatureOf } from '@limbeck/graph';
import { expect, test } from 'vitest';
import type { CompileOptions, Executable } from '../contracts/backend.js';
import { type LoadedProgram, serialExecutable } from '../contracts/serial-executable.js';
import { trialFault, tryOut } from './trial.js';
import { frozenTrial, trainingTrial } from './trials.js';

/** Compiles for the interpreter, whose results may be spoilt. */
const compiling =
  (spoil: (name: string, data: Float32Array) => void = () => undefined) =>
  async (program: Program, { state = new Map() }: CompileOptions = {}): Promise<Executable> => {
    let now: StateDict = state;
    const loaded: LoadedProgram = {
      signature: signatureOf(program),
      step(feeds) {
        const { outputs, state: next } = interpret(program, new Map(Object.entries(feeds)), now);
        for (const [name, { data }] of [...outputs, ...next]) spoil(name, data as Float32Array);
        now = next;
        return Object.fromEntries(outputs);
      },
      readState: () => now,
      writeState: () => undefined,
      release: () => undefined,
    };
    return serialExecutable(loaded, 0);
  };

test('a training step has convolutions, batch norm, pooling, softmax and an update of everything that is trained', () => {
  const { program, expected, state } = trainingTrial();
  const names = nodesOf(program).map(({ operation }) => operation.name);
  for (const name of ['conv2d', 'batchNormTraining', 'maxPool', 'globalAveragePool', 'softmaxCrossEntropy'])
    expect(names).toContain(name);
  for (const [name, before] of state) expect(expected.get(name)!.data, name).not.toEqual(before.data);
});

test('a device that gets the numbers right has no fault', async () => {
  expect(await tryOut(trainingTrial(), compiling(), {})).toBeUndefined();
  expect(await tryOut(frozenTrial(), compiling(), {})).toBeUndefined();
});

test.each(['loss', 'logits', 'conv1', 'scale', 'running.variance', 'conv2.momentum'])(
  "a device that gets '%s' wrong is told which, and by how much",
  async (wrong) => {
    const compile = compiling((name, data) => {
      if (name === wrong) data[0] = data[0]! * 1.1 + 0.1;
    });
    expect(await tryOut(trainingTrial(), compile, {})).toMatch(
      new RegExp(`^computes wrongly: '${wrong}'\\[0\\] is .*, not `),
    );
  },
);

test('NaN, a missing result and an error are faults', async () => {
  const spoilt = compiling((name, data) => name === 'loss' && data.fill(Number.NaN));
  expect(await tryOut(trainingTrial(), spoilt, {})).toContain("'loss'[0] is NaN");
  const trial = trainingTrial();
  expect(trialFault(trial, {}, 'float32')).toBe("'loss' has no elements, not 1");
  const failing = () => Promise.reject(new Error('BatchNormalization trainingMode is not supported yet.'));
  expect(await tryOut(trial, failing, {})).toBe('BatchNormalization trainingMode is not supported yet.');
});
