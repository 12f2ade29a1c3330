import { type Executable, type Feeds, retain } from '@limbeck/core/backend';
import {
  allocate,
  interpret,
  type Program,
  type StateDict,
  type TensorData,
  tensorData,
} from '@limbeck/graph';
import { patternFill } from '../golden/pattern.js';
import { type CaseContext, type CaseDefinition, nonconformance } from './case.js';
import {
  integerProgram,
  passThroughProgram,
  regressionBatch,
  regressionProgram,
  regressionState,
  swapProgram,
} from './programs.js';

function compareStates(context: CaseContext, what: string, actual: StateDict, expected: StateDict): void {
  const names = [...actual.keys()].filter((name) => !expected.has(name));
  if (names.length > 0) throw nonconformance(`${what} has unexpected names: ${names.join(', ')}`);
  for (const [name, tensor] of expected) context.compare(`${what}, '${name}'`, actual.get(name), tensor);
}

/** Runs steps on the backend and the reference interpreter side by side; outputs and state must agree after each. */
async function follow(
  context: CaseContext,
  executable: Executable,
  target: Program,
  initial: StateDict,
  batches: readonly Feeds[],
): Promise<void> {
  let state = initial;
  for (const [step, batch] of batches.entries()) {
    const expected = interpret(target, new Map(Object.entries(batch)), state);
    const outputs = await executable.step(batch);
    for (const [name, tensor] of expected.outputs) {
      context.compare(`step ${step}, output '${name}'`, outputs[name], tensor);
    }
    state = expected.state;
    compareStates(context, `state after step ${step}`, await executable.readState(), state);
  }
}

const batches = [0, 1, 2, 3, 4].map(regressionBatch);

/** State: what it is at first, that it is replaced by steps all at once, that it can be read, written and kept apart. */
export const stateCases: readonly CaseDefinition[] = [
  {
    name: 'state/zeros unless given',
    async check(context) {
      const target = regressionProgram();
      const zeros = new Map(
        target.state.map(({ name, current }): [string, TensorData] => [
          name,
          tensorData('float32', current.shape),
        ]),
      );
      compareStates(context, 'initial state', await (await context.compile(target)).readState(), zeros);
    },
  },
  {
    name: 'state/given at compilation',
    async check(context) {
      const state = regressionState();
      const executable = await context.compile(regressionProgram(), { state });
      compareStates(context, 'initial state', await executable.readState(), state);
    },
  },
  {
    name: 'state/follows the updates of five steps',
    async check(context) {
      const target = regressionProgram();
      const state = regressionState();
      await follow(context, await context.compile(target, { state }), target, state, batches);
    },
  },
  {
    name: 'state/written values come back and are used',
    async check(context) {
      const target = regressionProgram();
      const executable = await context.compile(target, { state: regressionState() });
      await executable.step(regressionBatch(0));
      const other = regressionState('another');
      await executable.writeState(other);
      compareStates(context, 'state as written', await executable.readState(), other);
      await follow(context, executable, target, other, batches.slice(0, 2));
    },
  },
  {
    name: 'state/is copied when given, written and read',
    async check(context) {
      const given = regressionState();
      const expected = new Map([...given].map(([name, tensor]) => [name, retain(tensor)]));
      const executable = await context.compile(regressionProgram(), { state: given });
      for (const tensor of given.values()) tensor.data.fill(7);
      compareStates(context, 'state after its source changed', await executable.readState(), expected);
      const written = new Map([...expected].map(([name, tensor]) => [name, retain(tensor)]));
      await executable.writeState(written);
      for (const tensor of written.values()) tensor.data.fill(7);
      compareStates(
        context,
        'state after the written arrays changed',
        await executable.readState(),
        expected,
      );
      for (const tensor of (await executable.readState()).values()) tensor.data.fill(7);
      compareStates(context, 'state after a read copy changed', await executable.readState(), expected);
    },
  },
  {
    name: 'state/a copy that was read survives later steps',
    async check(context) {
      const state = regressionState();
      const executable = await context.compile(regressionProgram(), { state });
      const read = await executable.readState();
      for (const batch of batches.slice(0, 3)) await executable.step(batch);
      compareStates(context, 'state read before the steps', read, state);
    },
  },
  {
    name: 'state/all slots change at once, outputs see the values before',
    async check(context) {
      const target = swapProgram();
      const state = new Map([
        ['a', patternFill('conformance', 'a', [3])],
        ['b', patternFill('conformance', 'b', [3])],
      ]);
      await follow(context, await context.compile(target, { state }), target, state, [{}, {}, {}]);
    },
  },
  {
    name: 'state/two executables of one program are independent',
    async check(context) {
      const target = regressionProgram();
      const state = regressionState();
      const [first, second] = [
        await context.compile(target, { state }),
        await context.compile(target, { state }),
      ];
      await first.step(regressionBatch(0));
      compareStates(context, 'state of the idle one', await second.readState(), state);
      await first.dispose();
      await follow(context, second, target, state, batches.slice(0, 2));
    },
  },
  {
    name: 'outputs/inputs, state and constants may be outputs, inputs may be unused',
    async check(context) {
      const target = passThroughProgram();
      const state = new Map([['kept', patternFill('conformance', 'kept', [2])]]);
      const feeds = [0, 1].map((step) => ({
        x: patternFill('conformance', `x${step}`, [2, 2]),
        unused: patternFill('conformance', 'unused', [3]),
      }));
      await follow(context, await context.compile(target, { state }), target, state, feeds);
    },
  },
  {
    name: 'outputs/stay valid until the next step but one, and inputs stay as they were',
    async check(context) {
      const target = regressionProgram();
      const state = regressionState();
      const executable = await context.compile(target, { state });
      const first = regressionBatch(0);
      const before = Object.entries(first).map(([name, tensor]) => [name, retain(tensor)] as const);
      const expected = interpret(target, new Map(before), state).outputs.get('loss')!;
      const outputs = await executable.step(first);
      await executable.step(regressionBatch(1));
      context.compare("output 'loss' one step later", outputs.loss, expected);
      for (const [name, tensor] of before)
        context.compare(`input '${name}' after the step`, first[name], tensor);
    },
  },
  {
    name: 'outputs/integers go in and out',
    async check(context) {
      const target = integerProgram();
      const steps: TensorData = tensorData('int32', [], allocate('int32', 1).fill(41));
      const feeds = [0, 1].map((step) => ({
        logits: patternFill('conformance', `logits${step}`, [3, 4]),
        labels: tensorData('int32', [3], Int32Array.of(2, 0, -3)),
      }));
      const state = new Map([['steps', steps]]);
      await follow(context, await context.compile(target, { state }), target, state, feeds);
    },
  },
];
