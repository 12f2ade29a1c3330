import { LimbeckError } from '@limbeck/core';
import type { StateDict } from '@limbeck/graph';

/** The part of a training state that a program needs. */
export function stateFor(
  target: { readonly state: readonly { readonly name: string }[] },
  state: StateDict,
): StateDict {
  return new Map(
    target.state.map(({ name }) => {
      const value = state.get(name);
      if (value === undefined) throw new LimbeckError('WEIGHTS_MISMATCH', `the state lacks '${name}'`);
      return [name, value];
    }),
  );
}
