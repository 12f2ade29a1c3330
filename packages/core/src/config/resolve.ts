import { LimbeckError } from '../errors.js';
import { didYouMean } from '../suggest.js';
import { documentation } from './documentation.js';
import { configError } from './issues.js';
import { type ConfigLayer, mergeLayers, type Said } from './merge.js';
import { deepFreeze, leaves } from './plain.js';
import type { ResolvedConfig } from './run-config.js';
import { runSchema } from './schema.js';

/** The source of what no layer says. */
export const defaultSource = 'default';

/** A value of a resolved configuration, and why it is what it is. */
export interface Explanation {
  readonly path: string;
  readonly value: unknown;
  /** The layer it comes from, or {@link defaultSource}. */
  readonly source: string;
  /** What earlier layers said, first to last. */
  readonly overridden: readonly Said[];
  /** What the key means; absent for options of contributions. */
  readonly description?: string;
}

/** A configuration with every value's origin. */
export interface ConfigResolution {
  /** Complete and frozen. */
  readonly config: ResolvedConfig;
  /** Path of every value (`train.optimizer.lr`) -> the layer it comes from, or {@link defaultSource}. */
  readonly provenance: ReadonlyMap<string, string>;
  /**
   * Every value at a path or beneath it; all of them without a path.
   *
   * @throws LimbeckError USAGE for a path that holds nothing, with suggestions
   */
  explain(path?: string): Explanation[];
}

/**
 * Merges layers (presets, file, `--set`; first to last) and checks the result. Reads no file.
 *
 * @throws LimbeckError CONFIG_INVALID with every problem: path, what was found, what is allowed, the layer it comes from
 */
export function resolveConfig(layers: readonly ConfigLayer[]): ConfigResolution {
  const { value, said } = mergeLayers(layers);
  const result = runSchema.safeParse(value);
  if (!result.success) {
    throw configError(result.error.issues, {
      value,
      sourceOf: (path) => nearestSource(said, path),
      documentation: documentation(),
    });
  }
  const config = deepFreeze(result.data) as ResolvedConfig;
  const found = [...leaves(config)].map(([path, leaf]) => ({ path, at: path.join('.'), leaf }));
  const sourceAt = (at: string) => said.get(at)?.at(-1)?.source ?? defaultSource;
  return Object.freeze({
    config,
    provenance: new Map(found.map(({ at }) => [at, sourceAt(at)])),
    explain(path = '') {
      const wanted = found.filter(({ at }) => path === '' || at === path || at.startsWith(`${path}.`));
      const docs = documentation();
      if (wanted.length === 0)
        throw nothingAt(
          path,
          found.map(({ at }) => at),
          docs.describe(path.split('.')),
        );
      return wanted.map(({ path: parts, at, leaf }) => {
        const description = docs.describe(parts);
        return {
          path: at,
          value: leaf,
          source: sourceAt(at),
          overridden: said.get(at)?.slice(0, -1) ?? [],
          description,
        };
      });
    },
  });
}

/** Who said something about a path: that very value, something beneath it, or what holds it. */
function nearestSource(said: ReadonlyMap<string, readonly Said[]>, path: string): string | undefined {
  const exact = said.get(path) ?? [...said].find(([at]) => at.startsWith(`${path}.`))?.[1];
  if (exact) return exact.at(-1)!.source;
  const holder = path.includes('.') ? path.slice(0, path.lastIndexOf('.')) : '';
  return holder === '' ? undefined : said.get(holder)?.at(-1)?.source;
}

function nothingAt(path: string, known: readonly string[], description: string | undefined): LimbeckError {
  if (description !== undefined) {
    return new LimbeckError('USAGE', `'${path}' is not set in this configuration. ${description}`);
  }
  const branches = known.flatMap((at) => at.split('.').map((_, i, parts) => parts.slice(0, i + 1).join('.')));
  return new LimbeckError('USAGE', `the configuration has nothing at '${path}'`, {
    hint: didYouMean(path, branches) ?? 'leave the path out to see everything',
  });
}
