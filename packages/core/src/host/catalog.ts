import type { Kind } from '../contracts/plugin.js';
import { suggest } from '../suggest.js';
import type { Claim } from './collect.js';
import { kindNames, kinds } from './kinds.js';
import { describePlugin, type PluginFailure, type PluginInfo, pluginsError } from './plugin-entry.js';

/** What there is: one contribution. */
export interface CatalogEntry {
  readonly kind: Kind;
  readonly id: string;
  readonly description: string;
  readonly plugin: PluginInfo;
  /** The plugin whose contribution this one took the place of. */
  readonly overrides?: PluginInfo;
}

/** Kind -> id -> entry, ids in alphabetical order. */
export type Catalog = Readonly<Record<Kind, ReadonlyMap<string, CatalogEntry>>>;

/** The claim that provides an id, and the one it took the place of. */
export interface Settled {
  readonly claim: Claim;
  readonly overridden?: Claim;
}

/**
 * Decides who provides each id.
 *
 * @throws LimbeckError PLUGIN_CONFLICT naming, for every id in dispute, both plugins
 */
export function settle(claims: readonly Claim[]): Settled[] {
  const failures: PluginFailure[] = [];
  const settled: Settled[] = [];
  for (const kind of kindNames) {
    const ofKind = claims.filter((claim) => claim.kind === kind);
    for (const id of new Set(ofKind.map((claim) => claim.id))) {
      const sameId = ofKind.filter((claim) => claim.id === id);
      const [base, ...moreBases] = sameId.filter(({ overrides }) => !overrides);
      const [over, ...moreOvers] = sameId.filter(({ overrides }) => overrides);
      for (const { plugin } of moreBases) failures.push(dispute(kind, id, 'adds', base!.plugin, plugin));
      for (const { plugin } of moreOvers) failures.push(dispute(kind, id, 'overrides', over!.plugin, plugin));
      if (over && !base) failures.push(nothingToOverride(over, ofKind));
      if (over) settled.push(base ? { claim: over, overridden: base } : { claim: over });
      else settled.push({ claim: base! });
    }
  }
  if (failures.length === 0) return settled;
  throw pluginsError('PLUGIN_CONFLICT', 'plugins are at odds', failures, {
    hint: 'leave one of them out of `plugins`, or have one replace the other with `override`',
  });
}

function dispute(kind: Kind, id: string, verb: string, first: PluginInfo, second: PluginInfo): PluginFailure {
  const other = first === second ? 'it has already done so itself' : `so does ${describePlugin(first)}`;
  return { ...infoOf(second), problem: `${verb} ${kinds[kind].noun} '${id}', and ${other}` };
}

function nothingToOverride({ kind, id, plugin }: Claim, ofKind: readonly Claim[]): PluginFailure {
  const added = ofKind.filter(({ overrides }) => !overrides).map((claim) => claim.id);
  const near = suggest(id, added).map((name) => `'${name}'`);
  const known = near.length > 0 ? `; there is ${near.join(', ')}` : '';
  return {
    ...infoOf(plugin),
    problem: `overrides ${kinds[kind].noun} '${id}', which no plugin adds${known}`,
  };
}

/** The catalogue of what was settled. */
export function catalogOf(settled: readonly Settled[]): Catalog {
  const entries = settled.map(({ claim: { kind, id, description, plugin }, overridden }) =>
    Object.freeze<CatalogEntry>({
      kind,
      id,
      description,
      plugin: infoOf(plugin),
      ...(overridden ? { overrides: infoOf(overridden.plugin) } : {}),
    }),
  );
  entries.sort((a, b) => (a.id < b.id ? -1 : 1));
  const byKind = kindNames.map((kind) => [
    kind,
    new Map(entries.filter((entry) => entry.kind === kind).map((entry) => [entry.id, entry])),
  ]);
  return Object.freeze(Object.fromEntries(byKind)) as Catalog;
}

/** The public part of what the host knows about a plugin. */
export function infoOf({ name, origin, version }: PluginInfo): PluginInfo {
  return Object.freeze(version === undefined ? { name, origin } : { name, origin, version });
}
