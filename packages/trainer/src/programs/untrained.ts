import type { Program, StateDict } from '@limbeck/graph';
import { initialState } from '@limbeck/nn';
import type { StudentPlan } from './student.js';

/** A plan, the model it deploys, and what weights bring, by state name. */
interface Deployment {
  readonly plan: Pick<StudentPlan, 'program' | 'trained' | 'initial' | 'variables'>;
  readonly deployed: Program;
  readonly loaded: StateDict;
}

/**
 * Parameters that the deployed model reads although nothing gives them values: no phase of training changes them, and no
 * weights bring them. They would be deployed as they were drawn.
 *
 * @returns state names, in the order of the deployed program
 */
export function untrainedParameters({ plan, deployed, loaded }: Deployment): string[] {
  const { trained, initial, variables } = plan;
  const changed = new Set([trained, ...initial.map((phase) => phase.trained)].flat());
  return deployed.state
    .map(({ name }) => name)
    .filter((name) => variables.get(name)?.kind === 'parameter' && !changed.has(name) && !loaded.has(name));
}

/**
 * What the deployed model reads and no step of training holds, such as a head that is only called in evaluation: as weights
 * bring it, else as it is drawn under the seed.
 */
export function untouchedState({ plan, deployed, loaded }: Deployment, seed: number): StateDict {
  const { program, initial, variables } = plan;
  const held = new Set(
    [program, ...initial.map((phase) => phase.program)].flatMap(({ state }) => state.map(({ name }) => name)),
  );
  const missing = deployed.state.flatMap(({ name }) => (held.has(name) ? [] : (variables.get(name) ?? [])));
  const drawn = missing.filter(({ stateName, owner }) => owner !== 'teacher' && !loaded.has(stateName));
  const given = missing.flatMap(({ stateName }) => {
    const value = loaded.get(stateName);
    return value === undefined ? [] : [[stateName, value] as const];
  });
  return new Map([...given, ...initialState(drawn, seed)]);
}
