import { FormatError } from '../errors.js';
import { PickleDict, PickleOpaque, type PickleValue } from '../pickle/values.js';
import { describe } from './describe.js';
import { TorchTensor } from './storage.js';

/** Where training scripts keep a model's weights, beside tensors of other kinds. */
const usualNames: ReadonlySet<string> = new Set([
  'state_dict',
  'model_state_dict',
  'model_state',
  'model',
  'net',
  'network',
  'net_state_dict',
  'module',
  'params',
  'weights',
  'student',
]);
/** Entries whose tensors belong to training and are no model. */
const ofTraining = /optim|sched|scaler|criterion|^(loss|rng|amp|callbacks|loops|args|opt|config|hparams)/i;
/** A checkpoint within a checkpoint, and so on. */
const deepest = 4;
/** Dicts that are looked into: those that hold each other would go on forever, or unfold to a billion. */
const mostLooks = 4096;

/** The state dict of a checkpoint, and what else the checkpoint says. */
export interface FoundStateDict {
  /** Where it stands, by its path; `''` where it is the checkpoint itself. */
  readonly entry: string;
  readonly tensors: readonly (readonly [string, TorchTensor])[];
  /** Entries that are no plain data, with the name of what would have made them. */
  readonly unread: readonly (readonly [string, string])[];
  /** By path: `epoch`, `optimizer`. */
  readonly others: readonly (readonly [string, string])[];
}

type Fail = (what: string, hint?: string, details?: Readonly<Record<string, unknown>>) => never;

/**
 * Finds the state dict of a checkpoint: the checkpoint itself where it holds tensors, else the only one among its entries.
 *
 * @param wanted the entry to take instead: `student`, or `models.student`; where the only state dict has names that begin
 * so, the tensors of these names, without the beginning
 * @throws FormatError BAD_FILE where there is none, or where there are several and none is named
 */
export function findStateDict(root: PickleValue, source: string, wanted?: string): FoundStateDict {
  const fail: Fail = (what, hint, details) => {
    throw new FormatError('BAD_FILE', `${source}: ${what}`, { hint, details: { source, ...details } });
  };
  if (root instanceof PickleOpaque) return fail(notRun(root), saveHint);
  if (!(root instanceof PickleDict)) return fail(`it holds ${describe(root)}, not a state dict`, saveHint);
  if (wanted !== undefined && follow(root, wanted) !== undefined) return found(root, wanted, fail);
  const candidates = stateDicts(root);
  const entries = [...candidates.keys()];
  if (entries.length === 0) return failEmpty(root, fail);
  if (entries.length > 1) {
    const first = entries[0]!;
    return wanted === undefined
      ? fail(
          `it holds several state dicts: ${entries.join(', ')}`,
          `say which, beside the file: entry: ${first}; or take one with 'limbeck convert FILE OUT --entry ${first}'`,
          { entries },
        )
      : fail(`there is no state dict '${wanted}'`, `there are ${entries.join(', ')}`, { entries });
  }
  const only = found(root, entries[0]!, fail);
  return wanted === undefined ? only : below(only, wanted, fail);
}

/** Every state dict of a checkpoint by its path, those of training left out: what `entry` may name. */
export function stateDicts(root: PickleValue): ReadonlyMap<string, PickleDict> {
  const all = new Map<string, PickleDict>();
  let looks = 0;
  const look = (dict: PickleDict, path: string, depth: number): void => {
    if (++looks > mostLooks) return;
    const inner = entriesOf(dict).filter(
      (entry): entry is [string, PickleDict] => entry[1] instanceof PickleDict && !ofTraining.test(entry[0]),
    );
    const own = [...dict.entries.values()].filter((value) => value instanceof TorchTensor);
    // a checkpoint may keep its accuracy, or a queue of features, as a tensor beside the model
    const isWrapper =
      own.every(({ shape }) => shape.length === 0) || inner.some(([name]) => usualNames.has(name));
    const before = all.size;
    if (depth < deepest && isWrapper) {
      for (const [name, value] of inner) look(value, path === '' ? name : `${path}.${name}`, depth + 1);
    }
    if (own.length > 0 && all.size === before) all.set(path, dict);
  };
  if (root instanceof PickleDict) look(root, '', 0);
  return all;
}

const saveHint = 'in Python, save only the weights: torch.save(model.state_dict(), FILE)';

const notRun = ({ name }: PickleOpaque): string =>
  `it asks for ${name}, which is not plain data and is not run`;

/** Entries under a text or a number; the rest names nothing. */
function entriesOf({ entries }: PickleDict): [string, PickleValue][] {
  return [...entries].flatMap(([key, value]): [string, PickleValue][] =>
    typeof key === 'string' || typeof key === 'number' ? [[String(key), value]] : [],
  );
}

/** The dicts from a checkpoint to the entry at a path, both included. */
function follow(root: PickleDict, path: string): [string, PickleDict][] | undefined {
  const steps = path === '' ? [] : path.split('.');
  const way: [string, PickleDict][] = [['', root]];
  for (const step of steps) {
    const next = way.at(-1)![1].get(step);
    if (!(next instanceof PickleDict)) return undefined;
    way.push([step, next]);
  }
  return way;
}

/** The state dict at a path, and what stands beside it on the way there. */
function found(root: PickleDict, entry: string, fail: Fail): FoundStateDict {
  const way = follow(root, entry)!;
  const dict = way.at(-1)![1];
  const others: [string, string][] = [];
  const unread: [string, string][] = [];
  const tensors = new Map<string, TorchTensor>();
  let path = '';
  for (const [i, [, one]] of way.entries()) {
    const next = way[i + 1]?.[0];
    if (next === undefined) break;
    for (const [key, value] of entriesOf(one)) if (key !== next) tell(others, `${path}${key}`, value);
    path = `${path}${next}.`;
  }
  for (const [name, value] of entriesOf(dict)) {
    if (tensors.has(name)) fail(`the tensor name '${name}' occurs twice`);
    if (value instanceof TorchTensor) tensors.set(name, value);
    else {
      tell(others, `${path}${name}`, value);
      if (value instanceof PickleOpaque && unread.length < mostOthers) unread.push([name, value.name]);
    }
  }
  if (tensors.size === 0) return failEmpty(dict, fail, path);
  return { entry, tensors: [...tensors], unread, others };
}

/** The part of a state dict below a beginning of its names. */
function below(whole: FoundStateDict, wanted: string, fail: Fail): FoundStateDict {
  const prefix = `${wanted}.`;
  const cut = <T>(named: readonly (readonly [string, T])[]): [string, T][] =>
    named.flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : []));
  const tensors = cut(whole.tensors);
  const entry = whole.entry === '' ? wanted : `${whole.entry}: ${wanted}`;
  if (tensors.length > 0) return { ...whole, entry, tensors, unread: cut(whole.unread) };
  const there = [...new Set(whole.tensors.map(([name]) => name.split('.')[0]!))];
  return fail(`there is no state dict '${wanted}'`, `its names begin with ${there.slice(0, 20).join(', ')}`);
}

/** Other entries that are told of; the rest of a checkpoint with more is passed over. */
const mostOthers = 256;

function tell(others: [string, string][], name: string, value: PickleValue): void {
  if (others.length < mostOthers) others.push([name, describe(value)]);
}

function failEmpty(dict: PickleDict, fail: Fail, path = ''): never {
  const there = entriesOf(dict);
  const opaque = there.find((entry): entry is [string, PickleOpaque] => entry[1] instanceof PickleOpaque);
  if (opaque !== undefined) return fail(`'${path}${opaque[0]}': ${notRun(opaque[1])}`, saveHint);
  const names = there.map(([key]) => `${path}${key}`).slice(0, 20);
  return fail(`no tensors are among its entries: ${names.join(', ')}`, saveHint);
}
