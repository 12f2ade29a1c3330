import { LimbeckError } from '@limbeck/core';
import { Graph, isInput, leafName, type Program, program, type Tensor } from '@limbeck/graph';
import type { Variable } from '@limbeck/nn';
import type { ModelsSpec } from '../run/run-spec.js';
import { type TracedStep, traceStep } from './trace-step.js';

/** A deployed model, and what its state consists of. */
export interface TracedDeployment {
  /** image -> logits. */
  readonly program: Program;
  /** Everything that was traced by state name; the program's state is some of it. */
  readonly variables: ReadonlyMap<string, Variable>;
  /** All that was traced, in evaluation mode; the program is cut out of it. */
  readonly step: TracedStep;
}

/**
 * The deployed model: image -> logits, in evaluation mode, with exactly what the prediction reaches.
 *
 * @param batch images a step; the training batch size is not needed here
 */
export const deployedProgram = (spec: ModelsSpec, batch: number): Program =>
  traceDeployed(spec, batch).program;

/** The same, with what is known about its state. */
export function traceDeployed(spec: ModelsSpec, batch: number): TracedDeployment {
  const step = traceStep(new Graph(), spec, 'eval', batch);
  const { model, combined, teachers } = step;
  const logits = combined.predict ?? model.logits;
  const foreign = foreignInput(logits);
  if (foreign !== undefined) {
    throw new LimbeckError(
      'PRECONDITION',
      `the deployed model must need images alone, but its prediction reads '${foreign}'`,
      { hint: "a distiller's `predict` may use the student, projectors and the teacher's classifier only" },
    );
  }
  const traces = [model.trace, combined.trace, ...teachers.map(({ frozen }) => frozen)];
  const variables = traces.flatMap((trace) => [...trace.variables.values()]);
  return {
    program: program({ name: 'deployed', outputs: { logits } }),
    variables: new Map(variables.map((one) => [one.stateName, one])),
    step,
  };
}

/** Name of an input other than the images that a tensor depends on. */
export function foreignInput(tensor: Tensor): string | undefined {
  const { inputs } = program({ name: 'deployed', outputs: { tensor } });
  const foreign = inputs.find((input) => isInput(input) && leafName(input) !== 'image');
  return foreign && leafName(foreign);
}

/** The student without teachers and distillers, as it is deployed where nothing else is. */
export const plainStudent = (spec: ModelsSpec): ModelsSpec => ({ ...spec, teachers: [], distillers: [] });
