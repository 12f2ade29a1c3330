import { isLimbeckError } from '@limbeck/core';
import { tensorData } from '@limbeck/graph';
import { patternFill } from '../golden/pattern.js';
import { type CaseDefinition, nonconformance } from './case.js';
import { regressionBatch, regressionProgram, regressionState } from './programs.js';

/** Expects a `LimbeckError` whose message names everything in `names`. */
async function expectRefusal(
  what: string,
  attempt: () => Promise<unknown>,
  names: readonly string[],
): Promise<void> {
  try {
    await attempt();
  } catch (error) {
    if (!isLimbeckError(error))
      throw nonconformance(`${what}: refused, but not with a LimbeckError: ${error}`);
    const unnamed = names.filter((name) => !error.message.includes(name));
    if (unnamed.length === 0) return;
    throw nonconformance(`${what}: the message does not name ${unnamed.join(', ')}: ${error.message}`);
  }
  throw nonconformance(`${what} is accepted`);
}

/** What has to be refused, with a message that names what is wrong; and that nothing is lost by it. */
export const failureCases: readonly CaseDefinition[] = [
  {
    name: 'errors/a missing input is named',
    async check(context) {
      const executable = await context.compile(regressionProgram());
      const { y: _, ...rest } = regressionBatch(0);
      await expectRefusal("a step without input 'y'", () => executable.step(rest), ["'y'"]);
    },
  },
  {
    name: 'errors/a misshapen input is named with both shapes',
    async check(context) {
      const executable = await context.compile(regressionProgram());
      const wrong = { ...regressionBatch(0), x: patternFill('conformance', 'x', [3, 4]) };
      await expectRefusal("a step with misshapen input 'x'", () => executable.step(wrong), [
        "'x'",
        '[3, 4]',
        '[4, 3]',
      ]);
    },
  },
  {
    name: 'errors/an input of another element type is named with both types',
    async check(context) {
      const executable = await context.compile(regressionProgram());
      const wrong = { ...regressionBatch(0), y: tensorData('int32', [4, 2]) };
      await expectRefusal("a step with int32 for 'y'", () => executable.step(wrong), [
        "'y'",
        'int32',
        'float32',
      ]);
    },
  },
  {
    name: 'errors/a refused step leaves the state as it was',
    async check(context) {
      const state = regressionState();
      const executable = await context.compile(regressionProgram(), { state });
      await expectRefusal('a step without inputs', () => executable.step({}), []);
      const after = await executable.readState();
      for (const [name, tensor] of state) context.compare(`state '${name}'`, after.get(name), tensor);
    },
  },
  {
    name: 'errors/state that does not fit is refused whole, every name listed',
    async check(context) {
      const state = regressionState();
      const executable = await context.compile(regressionProgram(), { state });
      const wrong = new Map([...regressionState('another')].filter(([name]) => name !== 'bias'))
        .set('weight', patternFill('conformance', 'weight', [2, 3]))
        .set('surplus', patternFill('conformance', 'surplus', [1]));
      const names = ["'bias'", "'weight'", "'surplus'", '[2, 3]', '[3, 2]'];
      await expectRefusal('misfitting state', () => executable.writeState(wrong), names);
      const after = await executable.readState();
      for (const [name, tensor] of state) context.compare(`state '${name}'`, after.get(name), tensor);
    },
  },
  {
    name: 'errors/initial state that does not fit is refused',
    async check(context) {
      const wrong = new Map([...regressionState()].slice(1));
      await expectRefusal(
        'misfitting initial state',
        () => context.compile(regressionProgram(), { state: wrong }),
        [regressionProgram().state[0]!.name],
      );
    },
  },
  {
    name: 'dispose/twice is harmless, a step afterwards is refused',
    async check(context) {
      const executable = await context.compile(regressionProgram());
      await executable.step(regressionBatch(0));
      await executable.dispose();
      await executable.dispose();
      await expectRefusal('a step after dispose', () => executable.step(regressionBatch(1)), []);
      await expectRefusal('reading state after dispose', () => executable.readState(), []);
    },
  },
];
