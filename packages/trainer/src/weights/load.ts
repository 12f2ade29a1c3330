import { LimbeckError, type WeightNaming } from '@limbeck/core';
import {
  fromBfloat16,
  type Shape,
  type StateDict,
  sameShape,
  type TensorData,
  tensorData,
} from '@limbeck/graph';
import type { Variable } from '@limbeck/nn';
import { indexNotFinite } from '../run/finite.js';
import type { Weights } from '../run/weights.js';
import { isBookkeeping, isCommon } from './bookkeeping.js';
import { list, mismatch } from './misfit.js';
import { partOf, type Reading, readings } from './reading.js';
import { suggestRename, writeRename } from './suggest-rename.js';

/** Whom weights are for. */
export interface WeightsTarget {
  /** What messages call the model: `teacher 'resnet32x4'`. */
  readonly role: string;
  /** Classes of the data: lets a message say that only their number differs. */
  readonly classes?: number;
  /** Names that other code has for the model's weights. */
  readonly namings?: readonly WeightNaming[] | undefined;
  /** Names of the classifier's variables: what `head: new` leaves out. */
  readonly head?: ReadonlySet<string> | undefined;
  /** Whether what is missing can be drawn, as a student's weights are. */
  readonly mayDraw?: boolean | undefined;
}

/** Weights that found their places. */
export interface LoadedWeights {
  /** By state name. */
  readonly state: StateDict;
  /** What a reader of the log should know: the entry that was taken, whose names they are, what was left out. */
  readonly notes: readonly string[];
}

type Wanted = Pick<Variable, 'name' | 'stateName' | 'tensor'>;

/**
 * Finds every variable of a model in a state dict, as {@link matchWeights} does.
 *
 * @returns values by state name
 * @throws LimbeckError WEIGHTS_MISMATCH, NON_FINITE
 */
export function loadWeights(variables: Iterable<Wanted>, weights: Weights, target: WeightsTarget): StateDict {
  return matchWeights(variables, weights, target).state;
}

/**
 * Finds every variable of a model in a state dict. Names are the published ones, or those of other code that the model knows. A
 * beginning that the matching names share, such as the `module.` of data-parallel training, is taken off; tensors that are
 * known to be no weights are passed over. bfloat16 becomes float32.
 *
 * @throws LimbeckError WEIGHTS_MISMATCH listing missing, unexpected and misshapen names, with the `rename` that would mend
 * them where there is one, or the parts of the file where several fit; NON_FINITE naming the tensor
 */
export function matchWeights(
  variables: Iterable<Wanted>,
  weights: Weights,
  target: WeightsTarget,
): LoadedWeights {
  const { strict = true, head = 'load', source } = weights;
  const isNewHead = head === 'new' && target.head !== undefined;
  const wanted = new Map([...variables].map((variable) => [variable.name, variable]));
  if (isNewHead) for (const name of target.head) wanted.delete(name);
  const passed = [...weights.tensors.keys()].filter(isBookkeeping);
  const given = new Map([...weights.tensors].filter(([name]) => !isBookkeeping(name)));
  const reading = choose(
    shapesOf(given),
    new Map([...wanted].map(([name, { tensor }]) => [name, tensor.shape])),
    {
      weights,
      target,
    },
  );
  const { values, unexpected } = gather(given, reading, isNewHead ? scopesOf(target.head) : []);
  const state = new Map<string, TensorData>();
  const missing: string[] = [];
  const misshapen: { name: string; given: Shape; wanted: Shape }[] = [];
  for (const [name, { stateName, tensor }] of wanted) {
    const value = values.get(name);
    values.delete(name);
    if (value === undefined) missing.push(name);
    else if (!sameShape(value.shape, tensor.shape)) {
      misshapen.push({ name, given: value.shape, wanted: tensor.shape });
    } else state.set(stateName, finite(toFloat32(value, `${source}: '${name}'`), source, name));
  }
  unexpected.push(...values.keys());
  const lacks = missing.length + misshapen.length > 0 && !(target.mayDraw && !strict);
  if (lacks || (strict && unexpected.length > 0) || state.size === 0) {
    const shapes = shapesOf(given);
    const rename = suggestRename(
      shapes,
      new Map([...wanted].map(([name, { tensor }]) => [name, tensor.shape])),
    );
    throw mismatch(weights, target, {
      ...{ missing, unexpected, misshapen },
      fits: state.size,
      all: wanted.size,
      rename: rename && writeRename(rename),
      part: reading.prefix === '' ? undefined : reading.prefix.slice(0, -1),
    });
  }
  const notes = notesOf(weights, reading, {
    passed: passed.filter((name) => !isCommon(name)),
    head: isNewHead ? target.head : undefined,
    left: [...missing, ...misshapen.map(({ name }) => name)],
    unexpected,
    fits: `${state.size} of ${wanted.size} fit`,
  });
  return { state, notes };
}

/** The best way to read the names; several parts of a file that fit alike are refused, since one is as good as the other. */
function choose(
  given: ReadonlyMap<string, Shape>,
  wanted: ReadonlyMap<string, Shape>,
  { weights: { source, entry }, target: { role, namings = [] } }: { weights: Weights; target: WeightsTarget },
): Reading {
  const [best, ...others] = readings(given, wanted, namings) as [Reading, ...Reading[]];
  const isRival = (other: Reading) =>
    other.fits === best.fits && ![...other.matched].some((name) => best.matched.has(name));
  const rivals = best.fits === 0 || 2 * best.fits <= wanted.size ? [] : others.filter(isRival);
  if (rivals.length > 0) {
    const parts = [...new Set([best, ...rivals].map(({ prefix }) => prefix.slice(0, -1)))].sort((a, b) =>
      a === '' ? -1 : b === '' ? 1 : 0,
    );
    const named = parts.filter((part) => part !== '');
    const above = entry === undefined ? '' : `${entry.replace(/: .*/, '')}.`;
    throw new LimbeckError(
      'WEIGHTS_MISMATCH',
      `${source} holds several parts that fit ${role}: ${parts.map((part) => part || 'the names as they are').join(', ')}`,
      {
        hint: parts.includes('')
          ? `say which: weights: { file: FILE, entry: ${named[0]} }, or drop: '^${named[0]}[.]' for the rest`
          : `say which: weights: { file: FILE, entry: ${named[0]} }`,
        details: { source, entries: parts.map((part) => `${above}${part}`) },
      },
    );
  }
  const reason = best.fits === wanted.size ? best.naming?.refuse : undefined;
  if (reason === undefined) return best;
  throw new LimbeckError('WEIGHTS_MISMATCH', `${source} has the names of ${best.naming!.by}: ${reason}`, {
    hint: 'export that model to ONNX and name the file as `onnx`, or take weights of this model',
    details: { source },
  });
}

/** Tensors by the model's names, parts joined, and the names that have no place. */
function gather(
  given: StateDict,
  reading: Reading,
  heads: readonly string[],
): { values: Map<string, TensorData>; unexpected: string[] } {
  const unexpected: string[] = [];
  const parts = new Map<string, { name: string; value: TensorData }[]>();
  for (const [name, value] of given) {
    const to = reading.names.get(name);
    if (to !== undefined && heads.some((scope) => to.startsWith(scope))) continue;
    if (to === undefined) unexpected.push(name);
    else parts.set(to, [...(parts.get(to) ?? []), { name, value }]);
  }
  const values = new Map<string, TensorData>();
  for (const [to, named] of parts) {
    const [only, ...more] = named;
    if (more.length === 0) values.set(to, only!.value);
    else {
      const inOrder = [...named].sort((a, b) => partOf(a.name, reading) - partOf(b.name, reading));
      values.set(to, concatenated(inOrder.map(({ value }) => value)));
    }
  }
  return { values, unexpected };
}

/** Tensors one after the other along their first axis. */
function concatenated(tensors: readonly TensorData[]): TensorData {
  const [first] = tensors;
  const rows = tensors.reduce((sum, { shape }) => sum + (shape[0] ?? 1), 0);
  const whole = tensorData(first!.dtype, [rows, ...first!.shape.slice(1)]);
  let at = 0;
  for (const { data } of tensors) {
    (whole.data as Float32Array).set(data as Float32Array, at);
    at += data.length;
  }
  return whole;
}

/** What names of a classifier's layers begin with. */
const scopesOf = (head: ReadonlySet<string>): string[] => [
  ...new Set(
    [...head].map((name) => name.replace(/[^.]+$/, '')).map((scope) => scope.replace(/\.\d+\.$/, '.')),
  ),
];

function notesOf(
  { entry }: Weights,
  { prefix, naming }: Reading,
  found: {
    readonly passed: readonly string[];
    readonly head: ReadonlySet<string> | undefined;
    readonly left: readonly string[];
    readonly unexpected: readonly string[];
    readonly fits: string;
  },
): string[] {
  const { passed, head, left, unexpected, fits } = found;
  return [
    ...(entry === undefined ? [] : [`took the entry '${entry}'`]),
    ...(prefix === '' ? [] : [`took '${prefix}' off the names`]),
    ...(naming === undefined ? [] : [`read the names as those of ${naming.by}`]),
    ...(passed.length === 0
      ? []
      : [`passed over ${passed.slice(0, 5).join(', ')}${passed.length > 5 ? ' ...' : ''}`]),
    ...(head === undefined ? [] : [`drew a new classifier: ${[...head].join(', ')}`]),
    ...(left.length + unexpected.length === 0
      ? []
      : [`${fits}${list('drawn', left)}${list('left out', unexpected)}`.replaceAll('\n  ', '; ')]),
  ];
}

function finite(value: TensorData, source: string, name: string): TensorData {
  const at = indexNotFinite(value.data as Float32Array);
  if (at === -1) return value;
  throw new LimbeckError('NON_FINITE', `${source}: '${name}' holds ${value.data[at]} at element ${at}`, {
    hint: 'take weights of an epoch before training diverged',
    details: { source, tensor: name, element: at },
  });
}

function toFloat32(value: TensorData, what: string): TensorData {
  if (value.dtype === 'float32') return value;
  if (value.dtype === 'bfloat16') {
    const data = Float32Array.from(value.data as Uint16Array, fromBfloat16);
    return tensorData('float32', value.shape, data);
  }
  throw new LimbeckError('WEIGHTS_MISMATCH', `${what} is ${value.dtype}, weights are float32 or bfloat16`);
}

const shapesOf = (tensors: StateDict): Map<string, Shape> =>
  new Map([...tensors].map(([name, { shape }]) => [name, shape]));
