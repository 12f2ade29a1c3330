import { isPlugin } from '../contracts/plugin.js';
import { isPlainObject } from './plain.js';
import type { ResolvedConfig } from './run-config.js';

/** What JSON can say. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** A resolved configuration for a run folder: plugin objects become their names. Resolving it again gives the same. */
export function configToJson(config: ResolvedConfig): { [key: string]: JsonValue } {
  return toJson(config) as { [key: string]: JsonValue };
}

function toJson(value: unknown): JsonValue {
  if (isPlugin(value)) return value.name;
  if (Array.isArray(value)) return value.map(toJson);
  if (!isPlainObject(value)) return value as JsonValue; // the layers hold JSON values and plugins only
  const entries = Object.entries(value).filter(([, child]) => child !== undefined);
  return Object.fromEntries(entries.map(([key, child]) => [key, toJson(child)]));
}

/** One text for equal values, whatever the order of their keys: what hashes are taken of. */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, child]) => `${JSON.stringify(key)}:${canonicalJson(child)}`).join(',')}}`;
}
