import type { Container } from 'inversify';
import type { OptionSchema, Use } from '../contracts/contribution.js';
import type { Contributions, Kind } from '../contracts/plugin.js';
import { isLimbeckError, LimbeckError } from '../errors.js';
import { tokens } from '../services/tokens.js';
import { didYouMean } from '../suggest.js';
import type { Catalog, CatalogEntry } from './catalog.js';
import { contributionProblem } from './collect.js';
import { kindNames, kinds, oneOf } from './kinds.js';
import { acceptedOptions, checkOptions } from './options.js';
import { describePlugin, type PluginInfo } from './plugin-entry.js';

/** The options a contribution's functions take. */
export type OptionsOf<Contribution> = Contribution extends { readonly options?: OptionSchema<infer Options> }
  ? Options
  : undefined;

/** A contribution with options its own schema has checked and completed. */
export interface Used<K extends Kind> {
  readonly id: string;
  readonly contribution: Contributions[K];
  readonly options: OptionsOf<Contributions[K]>;
}

/** Where a use stands, for messages. */
export interface UsePlace {
  /** Path in the configuration, e.g. `train.optimizer`. */
  readonly path?: string;
  /** Keys that stand beside the options there but are the run's own. */
  readonly own?: readonly string[];
}

/** Everything plugins contribute, by kind and id. */
export interface Host {
  readonly coreVersion: string;
  /** In the order they were set up. */
  readonly plugins: readonly PluginInfo[];
  /** @throws LimbeckError UNKNOWN_ID with suggestions and every known id */
  get<K extends Kind>(kind: K, id: string): Contributions[K];
  /**
   * A contribution with its options. Synchronous, since graphs are traced synchronously.
   *
   * @throws LimbeckError UNKNOWN_ID, UNKNOWN_OPTION (naming the key and the known ones), CONFIG_INVALID for values the
   * schema refuses, PLUGIN_INVALID where the schema is asynchronous
   */
  use<K extends Kind>(kind: K, use: Use, place?: UsePlace): Used<K>;
  /** What there is of a kind, in alphabetical order. Makes nothing. */
  list(kind: Kind): readonly CatalogEntry[];
  catalog(): Catalog;
  /**
   * Runs what the plugins' setups returned, in reverse order, every one even where others throw.
   *
   * @throws what was thrown; an AggregateError where that is more than one
   */
  dispose(): Promise<void>;
}

/** What a host is made of. */
export interface HostParts {
  readonly container: Container;
  readonly catalog: Catalog;
  readonly coreVersion: string;
  readonly plugins: readonly PluginInfo[];
  readonly dispose: () => Promise<void>;
}

/** A host over a container that resolves contributions and a catalogue that lists them. */
export function hostOf({ container, catalog, coreVersion, plugins, dispose }: HostParts): Host {
  const disposal: { promise?: Promise<void> } = {};

  function get<K extends Kind>(kind: K, id: string): Contributions[K] {
    const entry = catalog[kind].get(id);
    if (!entry) throw unknownId(catalog, kind, id);
    if (disposal.promise) {
      throw new LimbeckError(
        'PRECONDITION',
        `${kinds[kind].noun} '${id}' is asked of a host that is disposed of`,
        {
          hint: 'dispose of the host when nothing uses its contributions any more',
        },
      );
    }
    return resolve(container, entry);
  }

  return Object.freeze({
    coreVersion,
    plugins,
    get,
    use<K extends Kind>(kind: K, use: Use, place: UsePlace = {}): Used<K> {
      const { id, given } = readUse(kind, use, place);
      const contribution = get(kind, id);
      const schema = 'options' in contribution ? (contribution.options as OptionSchema<unknown>) : undefined;
      const checked = checkOptions(schema, given, place.own);
      const what = `${kinds[kind].noun} '${id}' (${catalog[kind].get(id)!.plugin.name})`;
      const options = acceptedOptions(checked, { what, ...place, details: { kind, id } });
      return { id, contribution, options: options as OptionsOf<Contributions[K]> };
    },
    list: (kind: Kind) => [...catalog[kind].values()],
    catalog: () => catalog,
    dispose() {
      disposal.promise ??= dispose();
      return disposal.promise;
    },
  });
}

function resolve<K extends Kind>(container: Container, { kind, id, plugin }: CatalogEntry): Contributions[K] {
  const what = `${kinds[kind].noun} '${id}' of ${describePlugin(plugin)}`;
  let contribution: Contributions[K];
  try {
    contribution = container.get(tokens[kind] as symbol, { name: id });
  } catch (error) {
    if (isLimbeckError(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new LimbeckError('PLUGIN_INVALID', `${what} could not be made: ${reason}`, {
      hint: 'classes need injectable(), and inject(token) for every constructor parameter',
      cause: error,
    });
  }
  const problem =
    contribution.id === id
      ? contributionProblem(kind, contribution)
      : `what it makes has the id '${String(contribution.id)}'`;
  if (problem !== undefined) throw new LimbeckError('PLUGIN_INVALID', `${what}: ${problem}`);
  return contribution;
}

function unknownId(catalog: Catalog, kind: Kind, id: string): LimbeckError {
  const { noun } = kinds[kind];
  const known = [...catalog[kind].keys()];
  const elsewhere = kindNames.find((other) => catalog[other].has(id));
  const also = elsewhere ? ` ('${id}' is ${oneOf(elsewhere)})` : '';
  const list = known.length > 0 ? `; known: ${known.join(', ')}` : `; no plugin adds ${oneOf(kind)}`;
  return new LimbeckError('UNKNOWN_ID', `there is no ${noun} '${id}'${also}${list}`, {
    hint: didYouMean(id, known) ?? 'is the plugin that brings it listed under `plugins`?',
    details: { kind, id, known },
  });
}

function readUse(kind: Kind, use: unknown, { path }: UsePlace) {
  if (typeof use === 'string') return { id: use, given: {} };
  const id = typeof use === 'object' && use !== null && 'use' in use ? use.use : undefined;
  if (typeof id !== 'string') {
    throw new LimbeckError(
      'CONFIG_INVALID',
      `${path ?? kinds[kind].noun}: found ${JSON.stringify(use)}, expected the id of ${oneOf(kind)}`,
      { hint: `write 'id', or { use: 'id', ...options }` },
    );
  }
  const { use: _, ...given } = use as Readonly<Record<string, unknown>>;
  return { id, given };
}
