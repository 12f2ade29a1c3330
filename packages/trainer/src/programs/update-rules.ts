import { LimbeckError } from '@limbeck/core';
import { frozenBy, layerDecayFactors, type Variable } from '@limbeck/nn';
import type { UpdateRules } from '../run/update-rules.js';
import type { TracedModel } from './traced-model.js';

/** Which values training leaves as they are, by state name; undefined where that is none. */
export function frozenNames({
  freeze = [],
  groups = [],
}: UpdateRules): ((stateName: string) => boolean) | undefined {
  const isUsed = freeze.length > 0 || groups.some(({ lrFactor }) => lrFactor === 0);
  return isUsed ? frozenBy(freeze, groups) : undefined;
}

/** As many names as a message lists. */
const listed = 6;

/** @throws LimbeckError PRECONDITION where a pattern of `freeze` fits nothing, or several batches are no whole number */
export function checkUpdateRules(
  { freeze = [], accumulate = 1 }: UpdateRules,
  variables: ReadonlyMap<string, Variable>,
): void {
  if (!Number.isSafeInteger(accumulate) || accumulate < 1) {
    throw new LimbeckError('PRECONDITION', `an optimiser step of ${accumulate} batches is not possible`, {
      hint: 'give accumulate a whole number, at least 1',
    });
  }
  const names = [...variables.keys()];
  const idle = freeze.find((pattern) => !names.some((name) => new RegExp(pattern).test(name)));
  if (idle === undefined) return;
  const more = names.length > listed ? `, ... (${names.length} in all)` : '';
  throw new LimbeckError('PRECONDITION', `nothing of the run has a name that freeze '${idle}' fits`, {
    hint: `there are: ${names.slice(0, listed).join(', ')}${more}`,
    details: { pattern: idle },
  });
}

/** Factors of the student's learning rates by state name. */
export function layerFactorsOf({ trace, classifier }: TracedModel, decay: number): Map<string, number> {
  const parameters = [...trace.variables.values()].filter(({ kind }) => kind === 'parameter');
  const factors = layerDecayFactors(
    parameters.map(({ name }) => ({ name, classifier: classifier.has(name) })),
    decay,
  );
  return new Map(parameters.map(({ name, stateName }) => [stateName, factors.get(name)!]));
}
