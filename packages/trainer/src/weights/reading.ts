import type { WeightNaming } from '@limbeck/core';
import { type Shape, sameShape } from '@limbeck/graph';
import { renamer } from './rename.js';

/** Names with shapes; what is behind them does not matter here. */
export type Shapes = ReadonlyMap<string, Shape>;

/** One way to read the names of a file as a model's. */
export interface Reading {
  /** What is taken off: `module.`, or nothing. */
  readonly prefix: string;
  /** Whose names they are; undefined for the model's own. */
  readonly naming: WeightNaming | undefined;
  /** The model's name, for each name of the file that is read. Several of them for one where parts are joined. */
  readonly names: ReadonlyMap<string, string>;
  /** Names of the file that are read as one of the model's, in the right shape. */
  readonly matched: ReadonlySet<string>;
  /** The model's names that are there in the right shape. */
  readonly fits: number;
  /** Names read that are none of the model's. */
  readonly extra: number;
}

/** Parts of a model's name that a beginning may have: `module.model.` has two. */
const mostWrappers = 3;
/** Beginnings that are tried. */
const mostPrefixes = 64;

/**
 * Every way to read a file's names as a model's, the best first: as they are, without a beginning that some of them share, and
 * in the namings that the model knows.
 */
export function readings(given: Shapes, wanted: Shapes, namings: readonly WeightNaming[]): Reading[] {
  const all = ['', ...prefixesOf(given.keys())].flatMap((prefix) =>
    [undefined, ...namings].map((naming) => read(given, wanted, prefix, naming)),
  );
  return all.sort((a, b) => b.fits - a.fits || a.extra - b.extra || a.prefix.length - b.prefix.length);
}

function prefixesOf(names: Iterable<string>): string[] {
  const counts = new Map<string, number>();
  for (const name of names) {
    let end = -1;
    for (let i = 0; i < mostWrappers; i++) {
      end = name.indexOf('.', end + 1);
      if (end === -1) break;
      const prefix = name.slice(0, end + 1);
      counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
    }
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, mostPrefixes)
    .map(([prefix]) => prefix);
}

function read(given: Shapes, wanted: Shapes, prefix: string, naming: WeightNaming | undefined): Reading {
  const rename = naming === undefined ? (name: string) => name : renamer(naming.rename);
  const names = new Map<string, string>();
  const shapes = new Map<string, Shape | undefined>();
  for (const [name, shape] of given) {
    if (!name.startsWith(prefix)) continue;
    const renamed = rename(name.slice(prefix.length));
    const whole = naming?.join === undefined ? undefined : joined(renamed, naming.join);
    const to = whole ?? renamed;
    names.set(name, to);
    // a name that comes twice fits nothing, but where parts are joined
    const before = shapes.get(to);
    if (!shapes.has(to)) shapes.set(to, shape);
    else {
      const canJoin =
        whole !== undefined && before !== undefined && sameShape(before.slice(1), shape.slice(1));
      shapes.set(to, canJoin ? [before[0]! + shape[0]!, ...shape.slice(1)] : undefined);
    }
  }
  let fits = 0;
  let extra = 0;
  for (const [name, shape] of shapes) {
    const target = wanted.get(name);
    if (target === undefined) extra++;
    else if (shape !== undefined && sameShape(target, shape)) fits++;
  }
  const matched = [...names].flatMap(([name, to]) => {
    const [target, shape] = [wanted.get(to), shapes.get(to)];
    return target !== undefined && shape !== undefined && sameShape(target, shape) ? [name] : [];
  });
  return { prefix, naming, names, matched: new Set(matched), fits, extra };
}

/** The name of the whole that a name is a part of. */
function joined(name: string, { parts, as }: NonNullable<WeightNaming['join']>): string | undefined {
  const steps = name.split('.');
  const at = steps.findIndex((step) => parts.includes(step));
  return at === -1 ? undefined : steps.with(at, as).join('.');
}

/** Where a name stands among the parts of its whole. */
export function partOf(name: string, { naming, prefix }: Reading): number {
  if (naming?.join === undefined) return 0;
  const steps = renamer(naming.rename)(name.slice(prefix.length)).split('.');
  return naming.join.parts.findIndex((part) => steps.includes(part));
}
