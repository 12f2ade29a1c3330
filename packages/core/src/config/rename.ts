import { isPlainObject } from './plain.js';

/** Sections whose `rename` may hold regular expressions. */
const sections = ['teacher', 'student'] as const;

const isRegExp = (value: unknown): value is RegExp =>
  Object.prototype.toString.call(value) === '[object RegExp]';

/**
 * A copy of a layer with the regular expressions of `rename` written as text, flags behind the replacement: configurations
 * hold JSON values only, so that they can be recorded.
 */
export function writePatterns(layer: unknown): unknown {
  if (!isPlainObject(layer)) return layer;
  const written = { ...layer };
  for (const section of sections) {
    const part = written[section];
    if (Array.isArray(part)) written[section] = part.map(inModel);
    else if (part !== undefined) written[section] = inModel(part);
  }
  return written;
}

function inModel(model: unknown): unknown {
  if (!isPlainObject(model) || !Array.isArray(model.rename)) return model;
  return { ...model, rename: model.rename.map(inRule) };
}

function inRule(rule: unknown): unknown {
  if (!Array.isArray(rule) || !isRegExp(rule[0])) return rule;
  const [{ source, flags }, ...rest] = rule as [RegExp, ...unknown[]];
  return flags === '' ? [source, ...rest] : [source, ...rest, flags];
}
