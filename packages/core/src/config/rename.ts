import { isPlainObject } from './plain.js';

/** Sections whose `rename` may hold regular expressions. */
const sections = ['teacher', 'student'] as const;

const isRegExp = (value: unknown): value is RegExp =>
  Object.prototype.toString.call(value) === '[object RegExp]';

/**
 * A copy of a layer with the regular expressions of `rename`, `only` and `drop` written as text, flags behind the replacement: configurations
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
  if (!isPlainObject(model)) return model;
  const written = { ...model };
  if (Array.isArray(model.rename)) written.rename = model.rename.map(inRule);
  if (!isPlainObject(model.weights)) return written;
  const weights = { ...model.weights };
  if (Array.isArray(weights.rename)) weights.rename = weights.rename.map(inRule);
  for (const key of ['only', 'drop']) {
    const given = weights[key];
    weights[key] = Array.isArray(given) ? given.map(inPattern) : inPattern(given);
    if (weights[key] === undefined) delete weights[key];
  }
  return { ...written, weights };
}

/** One with flags stays as it is, and is refused: there is no place for them. */
const inPattern = (given: unknown): unknown => (isRegExp(given) && given.flags === '' ? given.source : given);

function inRule(rule: unknown): unknown {
  if (!Array.isArray(rule) || !isRegExp(rule[0])) return rule;
  const [{ source, flags }, ...rest] = rule as [RegExp, ...unknown[]];
  return flags === '' ? [source, ...rest] : [source, ...rest, flags];
}
