import { LimbeckError } from '@limbeck/core';
import {
  formatShape,
  fromBfloat16,
  type Shape,
  type StateDict,
  sameShape,
  type TensorData,
  tensorData,
} from '@limbeck/graph';
import type { Variable } from '@limbeck/nn';
import type { Weights } from './read.js';

/** Whom weights are for. */
export interface WeightsTarget {
  /** What messages call the model: `teacher 'resnet32x4'`. */
  readonly role: string;
  /** Classes of the data: lets a message say that only their number differs. */
  readonly classes?: number;
}

/** Entries of published state dicts that no model here keeps. */
const isIgnored = (name: string): boolean => name.endsWith('num_batches_tracked');

interface Misfit {
  readonly name: string;
  readonly given: Shape;
  readonly wanted: Shape;
}

/**
 * Finds every variable of a model in a state dict. Names are the published ones; a prefix that all of them share, such as
 * the `module.` of data-parallel training, is taken off. bfloat16 becomes float32.
 *
 * @returns values by state name
 * @throws LimbeckError WEIGHTS_MISMATCH listing missing, unexpected and misshapen names
 */
export function loadWeights(
  variables: Iterable<Pick<Variable, 'name' | 'stateName' | 'tensor'>>,
  weights: Weights,
  target: WeightsTarget,
): StateDict {
  const wanted = new Map([...variables].map((variable) => [variable.name, variable]));
  const given = namedLike(wanted, weights.tensors);
  const missing: string[] = [];
  const misshapen: Misfit[] = [];
  const state = new Map<string, TensorData>();
  for (const [name, { stateName, tensor }] of wanted) {
    const value = given.get(name);
    if (value === undefined) missing.push(name);
    else if (!sameShape(value.shape, tensor.shape)) {
      misshapen.push({ name, given: value.shape, wanted: tensor.shape });
    } else state.set(stateName, toFloat32(value, `${weights.source}: '${name}'`));
  }
  const unexpected = [...given.keys()].filter((name) => !wanted.has(name));
  if (missing.length + unexpected.length + misshapen.length > 0) {
    throw mismatch(weights.source, target, { missing, unexpected, misshapen });
  }
  return state;
}

/** The tensors under the names a model has, without what no model keeps and without a shared prefix. */
function namedLike(wanted: ReadonlyMap<string, unknown>, tensors: StateDict): StateDict {
  const entries = [...tensors].filter(([name]) => !isIgnored(name));
  const prefix = /^[^.]+\./.exec(entries[0]?.[0] ?? '')?.[0];
  if (prefix === undefined || !entries.every(([name]) => name.startsWith(prefix))) return new Map(entries);
  const stripped = entries.map(([name, value]) => [name.slice(prefix.length), value] as const);
  const fitting = (list: readonly (readonly [string, TensorData])[]) =>
    list.filter(([name]) => wanted.has(name)).length;
  return new Map(fitting(stripped) > fitting(entries) ? stripped : entries);
}

function toFloat32(value: TensorData, what: string): TensorData {
  if (value.dtype === 'float32') return value;
  if (value.dtype === 'bfloat16') {
    const data = Float32Array.from(value.data as Uint16Array, fromBfloat16);
    return tensorData('float32', value.shape, data);
  }
  throw new LimbeckError('WEIGHTS_MISMATCH', `${what} is ${value.dtype}, weights are float32 or bfloat16`);
}

function mismatch(
  source: string,
  { role, classes }: WeightsTarget,
  found: { missing: string[]; unexpected: string[]; misshapen: Misfit[] },
): LimbeckError {
  const { missing, unexpected, misshapen } = found;
  const shown = misshapen.map(
    ({ name, given, wanted }) => `${name} is ${formatShape(given)}, the model has ${formatShape(wanted)}`,
  );
  const details = { source, missing, unexpected, misshapen };
  const trained = otherClasses(found, classes);
  if (trained !== undefined) {
    return new LimbeckError(
      'WEIGHTS_MISMATCH',
      `${source} holds a ${role} for ${trained} classes, the data has ${classes}: ${shown.join('; ')}`,
      { hint: 'take weights trained on this data set, or the data set the weights were trained on', details },
    );
  }
  const lists = [list('missing', missing), list('unexpected', unexpected), list('misshapen', shown)];
  return new LimbeckError('WEIGHTS_MISMATCH', `${source} does not fit ${role}:${lists.join('')}`, {
    hint: 'are these weights of another architecture?',
    details,
  });
}

const listed = 10;

function list(kind: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const more = names.length > listed ? `; and ${names.length - listed} more` : '';
  return `\n  ${names.length} ${kind}: ${names.slice(0, listed).join('; ')}${more}`;
}

/** The number of classes the weights are for, where that is all that differs. */
function otherClasses(
  { missing, unexpected, misshapen }: { missing: string[]; unexpected: string[]; misshapen: Misfit[] },
  classes: number | undefined,
): number | undefined {
  const trained = misshapen[0]?.given[0];
  const onlyClasses =
    missing.length + unexpected.length === 0 &&
    misshapen.every(
      ({ given, wanted }) =>
        wanted[0] === classes && given[0] === trained && sameShape(given.slice(1), wanted.slice(1)),
    );
  return onlyClasses ? trained : undefined;
}
