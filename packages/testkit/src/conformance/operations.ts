import { interpret } from '@limbeck/graph';
import {
  gradientProgram,
  type SampleCase,
  type SampledOperation,
  sampleProgram,
} from '../samples/program.js';
import type { CaseContext, CaseDefinition } from './case.js';

/** Runs a program on the backend and on the reference interpreter and compares every output. */
export async function compareWithReference(
  { program, inputs }: SampleCase,
  context: CaseContext,
): Promise<void> {
  const expected = interpret(program, inputs).outputs;
  const executable = await context.compile(program);
  const actual = await executable.step(Object.fromEntries(inputs));
  for (const [name, tensor] of expected) context.compare(`output '${name}'`, actual[name], tensor);
}

/** Every sample of every operation, forward, and its gradient where it has one. */
export function operationCases(operations: Iterable<SampledOperation>): CaseDefinition[] {
  return [...operations].flatMap((operation) =>
    operation.samples.flatMap((_, index) => {
      const path = `${operation.name}/${index}`;
      const forward: CaseDefinition = {
        name: `forward/${path}`,
        check: (context) => compareWithReference(sampleProgram(operation, index), context),
      };
      const backward = gradientProgram(operation, index);
      if (backward === undefined) return [forward];
      return [
        forward,
        { name: `gradient/${path}`, check: (context) => compareWithReference(backward, context) },
      ];
    }),
  );
}
