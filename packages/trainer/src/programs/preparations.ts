import { LimbeckError, type Preparation, type Prepare } from '@limbeck/core';
import type { JsonValue } from '@limbeck/core/host';
import type { Tensor } from '@limbeck/graph';
import { type Scope, zeros } from '@limbeck/nn';
import type { DistillerChoice } from '../run/choices.js';

/** What a distiller asks to have computed before training, and where it goes. */
export interface AskedPreparation {
  readonly preparation: Preparation;
  /** The distiller's place. */
  readonly place: string;
  /** Id and options of the distiller. */
  readonly distiller: string;
  readonly options: unknown;
  /** Whether targets are shown to it. */
  readonly readsTargets: boolean;
  /** Name of the teacher that is looked at; undefined for the first. */
  readonly teacher: string | undefined;
  /** State name of each of its tensors. */
  readonly stateNames: Readonly<Record<string, string>>;
}

/**
 * Gives a distiller the door to ask for preparations; what it asks for is added to a list.
 *
 * @param m the distiller's place
 */
export function preparer(
  m: Scope,
  { distiller, options, teacher }: Pick<DistillerChoice, 'distiller' | 'options' | 'teacher'>,
  asked: AskedPreparation[],
): Prepare {
  const names = new Set<string>();
  return (preparation) => {
    const { name } = preparation;
    if (!/^[A-Za-z][\w-]*$/.test(name)) {
      throw refused(distiller.id, name, 'call it by letters, digits and dashes, a letter first');
    }
    if (names.has(name)) throw refused(distiller.id, name, 'it did so before: give each a name of its own');
    names.add(name);
    const at = m.in('prepared').in(name);
    const tensors = Object.entries<readonly number[]>(preparation.tensors).map(
      ([key, shape]): [string, Tensor] => [key, at.buffer(key, shape, zeros)],
    );
    asked.push({
      preparation,
      place: m.path,
      distiller: distiller.id,
      options,
      readsTargets: (distiller.targets ?? []).length > 0,
      teacher,
      stateNames: Object.fromEntries(tensors.map(([key]) => [key, `${m.trace.prefix}.${at.at(key)}`])),
    });
    // one entry for each name that was declared
    return Object.fromEntries(tensors) as Record<keyof typeof preparation.tensors, Tensor>;
  };
}

const refused = (distiller: string, name: string, hint: string): LimbeckError =>
  new LimbeckError('PRECONDITION', `distiller '${distiller}' asks for a preparation called '${name}'`, {
    hint,
  });

/** What the numbers of a preparation depend on besides the teacher and the data. */
export const preparationIdentity = ({ distiller, preparation }: AskedPreparation): JsonValue => ({
  distiller,
  name: preparation.name,
  parameters: { ...preparation.parameters },
  features: Object.fromEntries(
    Object.entries(preparation.features).map(([key, { path, pooled = false }]) => [key, { path, pooled }]),
  ),
  tensors: Object.fromEntries(Object.entries(preparation.tensors).map(([key, shape]) => [key, [...shape]])),
});
