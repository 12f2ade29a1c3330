import type { ContributionList, Contributions, Injectable, Kind, PluginHost } from '../contracts/plugin.js';
import { LimbeckError } from '../errors.js';
import { hasSchema } from './check-plugins.js';
import { kindNames, kinds, oneOf } from './kinds.js';
import { type CheckedPlugin, describePlugin } from './plugin-entry.js';

/** A contribution, as the object itself or as the class that makes it. */
export type Made = { readonly value: unknown } | { readonly make: Injectable<unknown> };

/** A plugin's wish to provide an id. */
export interface Claim {
  readonly kind: Kind;
  readonly id: string;
  readonly description: string;
  readonly plugin: CheckedPlugin;
  readonly overrides: boolean;
  readonly made: Made;
}

/** What a plugin's `setup` is given, and what came of it. */
export interface Collector {
  readonly host: PluginHost;
  readonly claims: readonly Claim[];
  /** Malformed contributions, a phrase each. */
  readonly problems: readonly string[];
  /** From here on adding is an error: the catalogue is settled. */
  close(): void;
}

const idPattern = /^[a-z0-9][a-z0-9._/+@-]*$/i;

/** Collects what one plugin contributes. Nothing is judged against other plugins yet. */
export function collector(plugin: CheckedPlugin): Collector {
  const claims: Claim[] = [];
  const problems: string[] = [];
  let open = true;

  const claim = (kind: Kind, item: unknown, overrides: boolean, make?: Injectable<unknown>) => {
    if (!open) {
      throw new LimbeckError(
        'PLUGIN_INVALID',
        `${describePlugin(plugin)} adds ${oneOf(kind)} after its setup has ended`,
        { hint: 'return a promise from setup that settles when everything is added' },
      );
    }
    const problem =
      listingProblem(kind, item) ?? (make ? undefined : contributionProblem(kind, item as object));
    if (problem !== undefined) {
      problems.push(problem);
      return;
    }
    const { id, description } = item as { id: string; description: string };
    claims.push({ kind, id, description, plugin, overrides, made: make ? { make } : { value: item } });
  };

  const list = <K extends Kind>(kind: K): ContributionList<Contributions[K]> => ({
    add(...items) {
      for (const item of items) claim(kind, item, false);
    },
    addClass: (listing, make) => claim(kind, listing, false, make),
    override: (item) => claim(kind, item, true),
  });

  return {
    host: Object.freeze(Object.fromEntries(kindNames.map((kind) => [kind, list(kind)]))) as PluginHost,
    claims,
    problems,
    close() {
      open = false;
    },
  };
}

function listingProblem(kind: Kind, item: unknown): string | undefined {
  const { noun } = kinds[kind];
  if (typeof item !== 'object' || item === null)
    return `${oneOf(kind)} is ${item === null ? 'null' : typeof item}`;
  const { id, description } = item as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string' || !idPattern.test(id)) {
    return `${oneOf(kind)} has the id ${JSON.stringify(id) ?? String(id)}; ids are letters, digits and . _ / + @ -`;
  }
  return typeof description === 'string' ? undefined : `${noun} '${id}' has no description`;
}

/** What a contribution lacks of its kind; `undefined` where it is whole. */
export function contributionProblem(kind: Kind, item: object): string | undefined {
  const { noun, functions } = kinds[kind];
  const members = item as Readonly<Record<string, unknown>>;
  const lacking = functions.filter((name) => typeof members[name] !== 'function');
  if (lacking.length > 0) return `${noun} '${String(members.id)}' has no function ${lacking.join(', ')}`;
  if (members.options === undefined || hasSchema(members)) return undefined;
  return `the options of ${noun} '${String(members.id)}' are not a Standard Schema`;
}
