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
import type { Weights } from '../run/weights.js';
import { suggestRename, writeRename } from './suggest-rename.js';

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

interface Misfits {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly misshapen: readonly Misfit[];
}

/**
 * Finds every variable of a model in a state dict. Names are the published ones; a prefix that all of them share, such as
 * the `module.` of data-parallel training, is taken off where the model's names then fit. bfloat16 becomes float32.
 *
 * @returns values by state name
 * @throws LimbeckError WEIGHTS_MISMATCH listing missing, unexpected and misshapen names, with the `rename` that would mend
 * them where there is one
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
    const rename = suggestRename(shapesOf(kept(weights.tensors)), shapesOf(wanted));
    throw mismatch(weights, target, { missing, unexpected, misshapen }, rename && writeRename(rename));
  }
  return state;
}

type Named = readonly [name: string, value: TensorData];

const kept = (tensors: StateDict): Named[] => [...tensors].filter(([name]) => !isIgnored(name));

/** Wrappers around a model that a state dict's names may tell of: `module.model.conv1.weight` has two. */
const mostWrappers = 3;

/** The tensors under the names a model has, without what no model keeps and without what all names begin with. */
function namedLike(wanted: ReadonlyMap<string, unknown>, tensors: StateDict): StateDict {
  const fitting = (list: readonly Named[]) => list.filter(([name]) => wanted.has(name)).length;
  let entries = kept(tensors);
  let best = entries;
  for (let i = 0; i < mostWrappers; i++) {
    const prefix = /^[^.]+\./.exec(entries[0]?.[0] ?? '')?.[0];
    if (prefix === undefined || !entries.every(([name]) => name.startsWith(prefix))) break;
    entries = entries.map(([name, value]) => [name.slice(prefix.length), value]);
    if (fitting(entries) > fitting(best)) best = entries;
  }
  return new Map(best);
}

function toFloat32(value: TensorData, what: string): TensorData {
  if (value.dtype === 'float32') return value;
  if (value.dtype === 'bfloat16') {
    const data = Float32Array.from(value.data as Uint16Array, fromBfloat16);
    return tensorData('float32', value.shape, data);
  }
  throw new LimbeckError('WEIGHTS_MISMATCH', `${what} is ${value.dtype}, weights are float32 or bfloat16`);
}

function shapesOf(
  named: Iterable<
    readonly [string, { readonly shape: Shape } | { readonly tensor: { readonly shape: Shape } }]
  >,
): Map<string, Shape> {
  return new Map([...named].map(([name, one]) => [name, 'tensor' in one ? one.tensor.shape : one.shape]));
}

function mismatch(
  { source, metadata }: Weights,
  { role, classes }: WeightsTarget,
  found: Misfits,
  rename: string | undefined,
): LimbeckError {
  const { missing, unexpected, misshapen } = found;
  const shown = misshapen.map(
    ({ name, given, wanted }) => `${name} is ${formatShape(given)}, the model has ${formatShape(wanted)}`,
  );
  const details = { source, missing, unexpected, misshapen, rename };
  const other = otherClasses(found, classes) ?? otherChannels(found);
  if (other !== undefined) {
    return new LimbeckError('WEIGHTS_MISMATCH', `${source} holds a ${role} ${other}: ${shown.join('; ')}`, {
      hint: 'take weights trained on this data set, or the data set the weights were trained on',
      details,
    });
  }
  const backbone = metadata?.['limbeck.backbone'];
  const options = metadata?.['limbeck.options'];
  const holds =
    backbone === undefined
      ? ''
      : `, the weights of '${backbone}'${options === undefined ? '' : ` ${options}`},`;
  const lists = [list('missing', missing), list('unexpected', unexpected), list('misshapen', shown)];
  return new LimbeckError('WEIGHTS_MISMATCH', `${source}${holds} does not fit ${role}:${lists.join('')}`, {
    hint:
      rename === undefined
        ? 'are these weights of another architecture?'
        : `the shapes agree, only the names differ; add this beside the weights - ${rename}`,
    details,
  });
}

const listed = 10;

function list(kind: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const more = names.length > listed ? `; and ${names.length - listed} more` : '';
  return `\n  ${names.length} ${kind}: ${names.slice(0, listed).join('; ')}${more}`;
}

/** Says so where the number of classes is all that differs. */
function otherClasses(
  { missing, unexpected, misshapen }: Misfits,
  classes: number | undefined,
): string | undefined {
  const trained = misshapen[0]?.given[0];
  const onlyClasses =
    missing.length + unexpected.length === 0 &&
    misshapen.every(
      ({ given, wanted }) =>
        wanted[0] === classes && given[0] === trained && sameShape(given.slice(1), wanted.slice(1)),
    );
  return onlyClasses && trained !== undefined ? `for ${trained} classes, the data has ${classes}` : undefined;
}

/** Says so where the first convolution's input channels are all that differs. */
function otherChannels({ missing, unexpected, misshapen }: Misfits): string | undefined {
  const [only] = misshapen;
  if (only === undefined || misshapen.length > 1 || missing.length + unexpected.length > 0) return undefined;
  const { given, wanted } = only;
  const channels = given.length === 4 && sameShape(given.toSpliced(1, 1), wanted.toSpliced(1, 1));
  return channels ? `for images of ${given[1]} channels, the model takes ${wanted[1]}` : undefined;
}
