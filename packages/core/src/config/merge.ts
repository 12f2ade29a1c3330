import { LimbeckError } from '../errors.js';
import { refuseOversized } from './bounds.js';
import { asUse, placeAt } from './places.js';
import { isPlainObject, type PlainObject, refuseForeignValues } from './plain.js';
import { writePatterns } from './rename.js';

/** Part of a configuration and where it came from: a preset, a file, a `--set`. */
export interface ConfigLayer {
  /** As messages show it: `limbeck.config.ts`, `--set train.epochs=3`. */
  readonly source: string;
  readonly value: unknown;
}

/** A value that a layer said. */
export interface Said {
  readonly source: string;
  readonly value: unknown;
}

/** Layers merged into one. */
export interface Merged {
  readonly value: PlainObject;
  /** Path of every value that a layer said -> what was said, first to last; the last counts. */
  readonly said: ReadonlyMap<string, readonly Said[]>;
}

/**
 * Merges layers, first to last. Objects merge deep, lists and values are replaced, `undefined` says nothing and `null`
 * takes away what earlier layers said. An object whose keys are all indices edits elements of a list. Where a layer
 * names another contribution (`use`), the options of the former one go with it. `extends` is left out.
 */
export function mergeLayers(layers: readonly ConfigLayer[]): Merged {
  const said = new Map<string, Said[]>();
  let value: PlainObject = {};
  for (const { source, value: given } of layers) {
    refuseOversized(given, source);
    const written = writePatterns(given);
    refuseForeignValues(written, source);
    const { extends: _, ...layer } = written;
    value = mergeObject(value, layer, [], { source, said });
  }
  return { value, said };
}

interface Context {
  readonly source: string;
  readonly said: Map<string, Said[]>;
}

/** @returns `undefined` where nothing is left */
function merge(below: unknown, above: unknown, path: readonly string[], context: Context): unknown {
  if (above === undefined) return below;
  if (above === null) {
    if (below !== undefined) forget(path, context);
    return undefined;
  }
  const place = placeAt(path);
  const top = place ? asUse(above) : above;
  if (Array.isArray(top)) {
    if (below !== undefined) forget(path, context);
    return adopt(top, path, context);
  }
  if (!isPlainObject(top)) return note(top, path, context);
  if (Array.isArray(below) && isEdit(top)) return editList(below, top, path, context);
  let base = isPlainObject(below) ? below : {};
  const renamed = 'use' in top && 'use' in base && top.use !== base.use;
  if (renamed) base = only(base, place?.kept ?? [], path, context);
  if (below !== undefined && !isPlainObject(below)) forget(path, context);
  return mergeObject(base, top, path, context);
}

function mergeObject(
  base: PlainObject,
  top: PlainObject,
  path: readonly string[],
  context: Context,
): PlainObject {
  const result = { ...base };
  for (const key of Object.keys(top)) {
    const merged = merge(base[key], top[key], [...path, key], context);
    if (merged === undefined) delete result[key];
    else result[key] = merged;
  }
  if (Object.keys(result).length === 0) note(result, path, context);
  return result;
}

/** A list, or an element of one, as it was written: it merges with nothing. */
function adopt(value: unknown, path: readonly string[], context: Context): unknown {
  const top = placeAt(path) ? asUse(value) : value;
  const children = Array.isArray(top) ? top.filter((element) => path.join() !== 'plugins' || element) : top;
  if (Array.isArray(children) && children.length > 0) {
    return children.map((child, i) => adopt(child, [...path, String(i)], context));
  }
  if (!isPlainObject(children) || Object.keys(children).length === 0) return note(children, path, context);
  const entries = Object.entries(children).filter(([, child]) => child !== undefined);
  return Object.fromEntries(entries.map(([key, child]) => [key, adopt(child, [...path, key], context)]));
}

const isEdit = (top: PlainObject): boolean => {
  const keys = Object.keys(top);
  return keys.length > 0 && keys.every((key) => /^\d+$/.test(key));
};

function editList(
  below: readonly unknown[],
  top: PlainObject,
  path: readonly string[],
  context: Context,
): unknown[] {
  const result = [...below];
  for (const [key, value] of Object.entries(top)) {
    const index = Number(key);
    if (index > result.length) {
      throw new LimbeckError(
        'CONFIG_INVALID',
        `${context.source}: ${path.join('.')} has ${below.length} elements, there is no element ${index}`,
        { hint: `count from 0; ${result.length} appends one` },
      );
    }
    if (value === null) {
      throw new LimbeckError(
        'CONFIG_INVALID',
        `${context.source}: an element of ${path.join('.')} cannot be taken away alone`,
        { hint: 'write the whole list' },
      );
    }
    result[index] = merge(result[index], value, [...path, key], context);
  }
  return result;
}

/** Leaves out what belonged to a contribution that is no longer named. */
function only(
  base: PlainObject,
  kept: readonly string[],
  path: readonly string[],
  context: Context,
): PlainObject {
  const result: PlainObject = {};
  for (const [key, value] of Object.entries(base)) {
    if (kept.includes(key)) result[key] = value;
    else forget([...path, key], context);
  }
  return result;
}

function note(value: unknown, path: readonly string[], { source, said }: Context): unknown {
  const at = path.join('.');
  said.set(at, [...(said.get(at) ?? []), { source, value }]);
  return value;
}

/** Ends the history of a path and of everything beneath it. */
function forget(path: readonly string[], { said }: Context): void {
  const at = path.join('.');
  for (const key of said.keys()) if (key === at || key.startsWith(`${at}.`)) said.delete(key);
}
