import { isPlugin } from '../contracts/plugin.js';
import { LimbeckError } from '../errors.js';

/** Keys that would reach an object's prototype. */
const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export type PlainObject = Record<string, unknown>;

/** True for `{}` objects of any realm; plugins count as values of their own. */
export function isPlainObject(value: unknown): value is PlainObject {
  if (typeof value !== 'object' || value === null || isPlugin(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** @throws LimbeckError CONFIG_INVALID for a key that would reach an object's prototype */
export function refuseForbiddenKey(path: readonly string[], source: string): void {
  const key = path.at(-1);
  if (key === undefined || !forbiddenKeys.has(key)) return;
  throw new LimbeckError('CONFIG_INVALID', `${source}: the key '${path.join('.')}' is not allowed`, {
    hint: 'rename the key',
  });
}

/**
 * Checks that a layer, whose extent is bounded, is an object that holds JSON values and plugins only.
 *
 * @throws LimbeckError CONFIG_INVALID naming the path and the source
 */
export function refuseForeignValues(layer: unknown, source: string): asserts layer is PlainObject {
  if (!isPlainObject(layer)) {
    throw new LimbeckError('CONFIG_INVALID', `${source}: found ${describeValue(layer)}, expected an object`, {
      hint: 'export one object, made with defineConfig',
    });
  }
  visit(layer, [], source);
}

function visit(value: unknown, path: readonly string[], source: string): void {
  const at = path.join('.');
  if (Array.isArray(value)) {
    for (const [i, element] of value.entries()) visit(element, [...path, String(i)], source);
  } else if (isPlainObject(value)) {
    for (const key of Object.keys(value)) {
      refuseForbiddenKey([...path, key], source);
      visit(value[key], [...path, key], source);
    }
  } else if (!isLeaf(value)) {
    throw new LimbeckError(
      'CONFIG_INVALID',
      `${source}: ${at}: found ${describeValue(value)}, expected a JSON value`,
      {
        hint: 'a configuration holds text, finite numbers, true, false, lists, objects and plugins',
      },
    );
  }
}

function isLeaf(value: unknown): boolean {
  if (value === undefined || value === null || isPlugin(value)) return true;
  return typeof value === 'number'
    ? Number.isFinite(value)
    : typeof value === 'string' || typeof value === 'boolean';
}

/** A value as messages show it, cut short. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (isPlugin(value)) return `the plugin ${value.name}`;
  if (typeof value === 'function') return value.name ? `the function ${value.name}` : 'a function';
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'number')
    return String(value);
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !isPlainObject(value)) {
    return `a ${value.constructor?.name ?? 'foreign object'}`;
  }
  const shown = JSON.stringify(value, (_, inner: unknown) => (isPlugin(inner) ? inner.name : inner));
  return shown.length > 80 ? `${shown.slice(0, 77)}...` : shown;
}

/** Several, one or none as a list. */
export const listOf = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as T];

/** Every value that holds no others, with its path: scalars, plugins, empty lists and objects. */
export function* leaves(
  value: unknown,
  path: readonly string[] = [],
): Generator<[readonly string[], unknown]> {
  const inner = Array.isArray(value) || isPlainObject(value) ? Object.entries(value) : [];
  if (inner.length === 0) yield [path, value];
  for (const [key, child] of inner) yield* leaves(child, [...path, key]);
}

/** Freezes lists and objects all the way down, but not plugins, which are their makers'. */
export function deepFreeze<T>(value: T): T {
  if (!Array.isArray(value) && !isPlainObject(value)) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
}
