import { LimbeckError } from '@limbeck/core';
import { Graph, isInput, leafName, type Program, program } from '@limbeck/graph';
import type { StudentSpec } from './student.js';
import { traceStep } from './trace-step.js';

/**
 * The deployed model: image -> logits, in evaluation mode, with exactly what the prediction reaches.
 *
 * @param batch images a step; the training batch size is not needed here
 */
export function deployedProgram(spec: StudentSpec, batch: number): Program {
  const { model, combined } = traceStep(new Graph(), spec, 'eval', batch);
  const logits = combined.predict ?? model.logits;
  const deployed = program({ name: 'deployed', outputs: { logits } });
  const foreign = deployed.inputs.find((input) => isInput(input) && leafName(input) !== 'image');
  if (foreign !== undefined) {
    throw new LimbeckError(
      'PRECONDITION',
      `the deployed model must need images alone, but its prediction reads '${leafName(foreign)}'`,
      { hint: "a distiller's `predict` may use the student, projectors and the teacher's classifier only" },
    );
  }
  return deployed;
}
