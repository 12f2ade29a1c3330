import { FormatError } from '../errors.js';
import { PickleDict, type PickleValue } from '../pickle/values.js';
import { describe } from './describe.js';
import { TorchTensor } from './storage.js';

/** Where training scripts keep a model's weights, in the order in which they are looked for. */
const usualNames = [
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
];
/** A checkpoint within a checkpoint, and so on. */
const deepest = 4;

/** The state dict of a checkpoint, and what else the checkpoint says. */
export interface FoundStateDict {
  readonly tensors: readonly (readonly [string, TorchTensor])[];
  /** By path: `epoch`, `optimizer`. */
  readonly others: readonly (readonly [string, string])[];
}

/**
 * Finds the state dict of a checkpoint: the checkpoint itself where it holds tensors, else one of its entries, by the names
 * that training scripts use or because it is the only one with tensors.
 *
 * @param entry the entry to take instead: `student`, or `models.student`
 * @throws FormatError BAD_FILE where there is none, or several
 */
export function findStateDict(root: PickleValue, source: string, entry?: string): FoundStateDict {
  const fail = (what: string, hint?: string): never => {
    throw new FormatError('BAD_FILE', `${source}: ${what}`, { hint, details: { source } });
  };
  if (!(root instanceof PickleDict)) return fail(`it holds ${describe(root)}, not a state dict`, saveHint);
  const others: [string, string][] = [];
  let dict: PickleDict = root;
  let path = '';
  const steps = entry?.split('.') ?? [];
  const known = new Map<PickleDict, boolean>();
  for (let depth = 0; depth <= deepest || steps.length > 0; depth++) {
    const wanted = steps.shift();
    const name = wanted ?? choose(dict, path, known, fail);
    if (name === undefined && hasTensors(dict)) return split(dict, path, others, fail);
    const chosen = name === undefined ? undefined : dict.get(name);
    if (name === undefined || !(chosen instanceof PickleDict)) {
      const there = entriesOf(dict).map(([key]) => key);
      return wanted === undefined
        ? fail(`no tensors are among its entries: ${there.slice(0, 20).join(', ')}`, saveHint)
        : fail(`there is no state dict '${path}${wanted}'`, `there are ${there.slice(0, 20).join(', ')}`);
    }
    for (const [key, value] of entriesOf(dict)) if (key !== name) tell(others, `${path}${key}`, value);
    path = `${path}${name}.`;
    dict = chosen;
  }
  return fail('no tensors are among its entries', saveHint);
}

const saveHint = 'in Python, save only the weights: torch.save(model.state_dict(), FILE)';

/** Entries under a text or a number; the rest names nothing. */
function entriesOf({ entries }: PickleDict): [string, PickleValue][] {
  return [...entries].flatMap(([key, value]): [string, PickleValue][] =>
    typeof key === 'string' || typeof key === 'number' ? [[String(key), value]] : [],
  );
}

/** Other entries that are told of; the rest of a checkpoint with more is passed over. */
const mostOthers = 256;

function tell(others: [string, string][], name: string, value: PickleValue): void {
  if (others.length < mostOthers) others.push([name, describe(value)]);
}

const hasTensors = ({ entries }: PickleDict): boolean =>
  [...entries.values()].some((value) => value instanceof TorchTensor);

/** Whether tensors are among the entries, or among those of an entry, and so on. `known` keeps each dict from a second look. */
function holdsTensors(dict: PickleDict, known: Map<PickleDict, boolean>, depth = 1): boolean {
  const before = known.get(dict);
  if (before !== undefined) return before;
  known.set(dict, false);
  const inner = [...dict.entries.values()].filter((value) => value instanceof PickleDict);
  const holds =
    hasTensors(dict) || (depth < deepest && inner.some((value) => holdsTensors(value, known, depth + 1)));
  known.set(dict, holds);
  return holds;
}

/** The entry to look into; none where the dict is itself what is looked for, or holds nothing. */
function choose(
  dict: PickleDict,
  path: string,
  known: Map<PickleDict, boolean>,
  fail: (what: string, hint?: string) => never,
): string | undefined {
  const dicts = entriesOf(dict).filter(
    (entry): entry is [string, PickleDict] => entry[1] instanceof PickleDict,
  );
  const names = dicts.filter(([, value]) => holdsTensors(value, known)).map(([name]) => name);
  // a checkpoint may keep its accuracy as a tensor beside the model
  const usual = usualNames.find((name) => names.includes(name));
  if (usual !== undefined || hasTensors(dict)) return usual;
  // the optimiser's moments are tensors too
  const models = names.filter((name) => !/optim/i.test(name));
  if (models.length <= 1) return models[0];
  return fail(
    `it holds several state dicts: ${models.map((name) => `${path}${name}`).join(', ')}`,
    `take one with 'limbeck convert FILE OUT --entry ${path}${models[0]}'`,
  );
}

function split(
  dict: PickleDict,
  path: string,
  others: [string, string][],
  fail: (what: string) => never,
): FoundStateDict {
  const tensors = new Map<string, TorchTensor>();
  for (const [name, value] of entriesOf(dict)) {
    if (!(value instanceof TorchTensor)) tell(others, `${path}${name}`, value);
    else if (tensors.has(name)) fail(`the tensor name '${name}' occurs twice`);
    else tensors.set(name, value);
  }
  return { tensors: [...tensors], others };
}
