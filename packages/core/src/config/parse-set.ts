import { LimbeckError } from '../errors.js';
import type { ConfigLayer } from './merge.js';
import { type PlainObject, refuseForbiddenKey } from './plain.js';

/**
 * A layer of one value, as the command line gives it: `train.epochs=3`, `data.augment.0.pad=2`, `teacher=null`. What
 * follows the first `=` is JSON where it parses, else text; write `'"3"'` for the text 3. What begins as an object or a
 * list does has to be one.
 *
 * @throws LimbeckError USAGE for anything else than `path=value`
 */
export function parseSet(text: string): ConfigLayer {
  const source = `--set ${text}`;
  const equals = text.indexOf('=');
  const key = equals < 0 ? text : text.slice(0, equals);
  if (equals < 0) throw usage(source, 'has no `=`');
  const path = key.split('.').map((part) => part.trim());
  if (path.some((part) => part === ''))
    throw usage(source, key.trim() === '' ? 'has no path' : 'has an empty part in its path');
  for (const i of path.keys()) refuseForbiddenKey(path.slice(0, i + 1), source);
  const value = path.reduceRight<unknown>(
    (inner, part): PlainObject => ({ [part]: inner }),
    parseValue(text.slice(equals + 1), source),
  );
  return { source, value };
}

function parseValue(text: string, source: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    if (!/^\s*[[{]/.test(text)) return text;
    throw usage(source, `is no JSON (${(cause as Error).message})`, {
      hint: `names and texts stand in double quotes: --set 'student={"use": "resnet8"}'`,
      cause,
    });
  }
}

const usage = (
  source: string,
  problem: string,
  { hint = 'write --set train.epochs=3', cause }: { hint?: string; cause?: unknown } = {},
) => new LimbeckError('USAGE', `${source}: ${problem}`, { hint, cause });
