import { type Shape, sameShape } from '@limbeck/graph';
import { type Rename, renamer } from './rename.js';

type Rule = Rename[number];
type Shapes = ReadonlyMap<string, Shape>;

/** Rules that a suggestion has at most: more would be guesswork. */
const mostRules = 6;
/** Names of weights are far shorter; a hostile file's would keep the search busy. */
const longestName = 256;
/** Parts of names that are compared, on either side. */
const mostParts = 24;

/**
 * Looks for a `rename` under which every name of a file is one of the model's, with the same shape: a prefix taken off or put
 * on, parts of names called differently (`shortcut` for `downsample`, `gamma` for `weight`), a number joined or apart
 * (`norm.1` for `norm1`). Rules are added one by one, each time the one that makes most names fit.
 *
 * @returns nothing where no such rules were found
 */
export function suggestRename(given: Shapes, wanted: Shapes): Rename | undefined {
  if (given.size !== wanted.size || !sameShapesOverall(given, wanted)) return undefined;
  if ([...given.keys()].some(({ length }) => length > longestName)) return undefined;
  const rules: Rule[] = [];
  let names = [...given.keys()];
  let best = fitting(names, given, wanted);
  while (best < wanted.size && rules.length < mostRules) {
    let found: { rule: Rule; names: string[]; fits: number } | undefined;
    for (const rule of candidates(names, wanted)) {
      const renamed = names.map(renamer([rule]));
      const fits = fitting(renamed, given, wanted);
      if (fits > (found?.fits ?? best)) found = { rule, names: renamed, fits };
    }
    if (found === undefined) return undefined;
    rules.push(found.rule);
    ({ names, fits: best } = found);
  }
  return best === wanted.size ? rules : undefined;
}

/** A `rename` as it is written in a configuration, TypeScript or YAML. */
export function writeRename(rename: Rename): string {
  const rules = rename.map((rule) => `[${rule.map((part) => `'${part}'`).join(', ')}]`);
  return `rename: [${rules.join(', ')}]`;
}

/** Another architecture has other shapes: no names can mend that, and looking for them would take long. */
function sameShapesOverall(given: Shapes, wanted: Shapes): boolean {
  const counts = new Map<string, number>();
  for (const shape of given.values()) counts.set(String(shape), (counts.get(String(shape)) ?? 0) + 1);
  for (const shape of wanted.values()) counts.set(String(shape), (counts.get(String(shape)) ?? 0) - 1);
  return [...counts.values()].every((count) => count === 0);
}

/** How many names, those of `given` in order, are the model's with their shape; 0 where two have become one. */
function fitting(names: readonly string[], given: Shapes, wanted: Shapes): number {
  if (new Set(names).size < names.length) return 0;
  const shapes = [...given.values()];
  return names.filter((name, i) => {
    const shape = wanted.get(name);
    return shape !== undefined && sameShape(shape, shapes[i]!);
  }).length;
}

function* candidates(names: readonly string[], wanted: Shapes): Generator<Rule> {
  const known = new Set(names);
  const unexpected = names.filter((name) => !wanted.has(name));
  const missing = [...wanted.keys()].filter((name) => !known.has(name));
  for (const prefix of prefixes(unexpected)) yield [`^${literal(prefix)}`, ''];
  for (const prefix of prefixes(missing)) yield ['^', prefix];
  const [from, to] = [partsOnlyIn(unexpected, missing), partsOnlyIn(missing, unexpected)];
  for (const part of from) {
    for (const other of to) yield [`(^|[.])${literal(part)}([0-9]*)([.]|$)`, `$1${other}$2$3`];
  }
  for (const part of from) yield [`(^|[.])${literal(part)}[.]`, '$1'];
  for (const part of joined(unexpected)) yield [`(^|[.])${literal(part)}[.]([0-9]+)([.]|$)`, `$1${part}$2$3`];
  for (const part of joined(missing)) yield [`(^|[.])${literal(part)}([0-9]+)([.]|$)`, `$1${part}.$2$3`];
}

/** Beginnings of the first name, by its dots, that at least half of the names share. */
function prefixes(names: readonly string[]): string[] {
  const parts = names[0]?.split('.').slice(0, -1) ?? [];
  const all = parts.map((_, i) => `${parts.slice(0, i + 1).join('.')}.`);
  return all.filter((prefix) => 2 * names.filter((name) => name.startsWith(prefix)).length >= names.length);
}

/** Parts between dots, without a number at their end, that the other side does not have. */
function partsOnlyIn(names: readonly string[], others: readonly string[]): string[] {
  const there = new Set(others.flatMap(partsOf));
  return [...new Set(names.flatMap(partsOf))].filter((part) => !there.has(part)).slice(0, mostParts);
}

const partsOf = (name: string): string[] =>
  name
    .split('.')
    .map((part) => part.replace(/\d+$/, ''))
    .filter((part) => part !== '');

/** Parts that a number follows, behind a dot or at once. */
const joined = (names: readonly string[]): string[] =>
  [
    ...new Set(
      names.flatMap((name) => [...name.matchAll(/([a-z_]+)\.?\d+(?=\.|$)/gi)].map(([, part]) => part!)),
    ),
  ].slice(0, mostParts);

/** Text as a pattern that needs no backslash, whose number of times differs between TypeScript and YAML. */
const literal = (text: string): string =>
  text.replace(/[.*+?^${}()|[\]\\]/g, (sign) => (sign === '^' ? '\\^' : `[${sign}]`));
