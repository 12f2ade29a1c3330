import type { Kind } from '@limbeck/core';
import { createHost, kindNames, kinds, type PluginEntry } from '@limbeck/core/host';
import { hasConfig } from '../config/load-config.js';
import { loadPlugins } from '../config/load-plugins.js';
import { type OpenedConfig, openConfig } from '../config/open-config.js';
import type { Io } from '../io.js';
import { colorsFor } from '../output/color.js';
import { print, printJson } from '../output/print.js';
import { manifestOf } from '../standard/manifest.js';
import { standardPackages, standardPlugins } from '../standard/plugins.js';

/** A plugin and what it contributes. */
interface PluginListing {
  readonly name: string;
  readonly version?: string;
  readonly origin: string;
  /** Kind -> ids. */
  readonly contributes: Readonly<Partial<Record<Kind, readonly string[]>>>;
  /** True where package.json said so and no code of the plugin was run. */
  readonly fromManifest: boolean;
}

/** `limbeck plugins list`: reads package.json files where they tell enough, and runs a plugin only where they do not. */
export async function pluginsList(
  io: Io,
  { config, json }: { readonly config?: string; readonly json?: boolean },
): Promise<void> {
  const opened =
    config !== undefined || (await hasConfig(io.cwd)) ? await openConfig({ config }, io.cwd) : undefined;
  const listings = [...(await standardListings()), ...(opened === undefined ? [] : await configured(opened))];
  if (json) {
    printJson(io, { config: opened?.file ?? null, plugins: listings });
    return;
  }
  const { bold, dim } = colorsFor(io.env, io.stdout);
  for (const { name, version, origin, contributes } of listings) {
    const from = origin === name ? '' : dim(` (${origin})`);
    print(io, `${bold(name)}${version === undefined ? '' : ` ${version}`}${from}`);
    for (const kind of kindNames) {
      const ids = contributes[kind] ?? [];
      if (ids.length > 0)
        print(
          io,
          `    ${kinds[kind].noun}${ids.length === 1 && ids[0] !== many ? '' : 's'}: ${shortList(ids)}`,
        );
    }
  }
  print(
    io,
    dim(
      opened === undefined ? 'no configuration here: the standard plugins' : `with those of ${opened.file}`,
    ),
  );
}

/** Stands in a manifest for more ids than it should list. */
const many = '*';

/** Ids in a line, as far as they fit. */
const shortList = (ids: readonly string[]): string => {
  if (ids[0] === many) return 'too many to list here';
  const shown = ids.slice(0, 60);
  return `${shown.join(', ')}${shown.length < ids.length ? ` and ${ids.length - shown.length} more` : ''}`;
};

async function standardListings(): Promise<PluginListing[]> {
  const told = await Promise.all(standardPackages.map((name) => fromManifest(name)));
  const silent = standardPackages.filter((_, i) => told[i] === undefined);
  const entries = silent.length === 0 ? [] : await standardPlugins();
  const run = await Promise.all(
    entries.filter(({ origin }) => silent.some((name) => name === origin)).map(fromCode),
  );
  return [...told.filter((listing) => listing !== undefined), ...run];
}

async function configured({ config, file, folders }: OpenedConfig): Promise<PluginListing[]> {
  return Promise.all(
    config.plugins.map(async (item) => {
      const name: unknown = Array.isArray(item) ? item[0] : item;
      const told = typeof name === 'string' ? await fromManifest(name, folders) : undefined;
      if (told !== undefined) return told;
      const [entry] = await loadPlugins([item], { file, folders });
      return fromCode(entry!);
    }),
  );
}

/** What package.json says a plugin contributes; nothing where it does not say. */
async function fromManifest(name: string, folders?: readonly string[]): Promise<PluginListing | undefined> {
  for (const folder of folders ?? [undefined]) {
    const manifest = await manifestOf(name, folder);
    const contributes = manifest?.limbeck?.contributes;
    if (contributes === undefined || Object.keys(contributes).length === 0) continue;
    const { version } = manifest!;
    return {
      name,
      version,
      origin: name,
      contributes,
      fromManifest: true,
    };
  }
  return undefined;
}

/** Sets one plugin up, alone, to see what it adds. */
async function fromCode(entry: PluginEntry): Promise<PluginListing> {
  const host = await createHost({ plugins: [entry] });
  try {
    const contributes = Object.fromEntries(
      kindNames.map((kind) => [kind, host.list(kind).map(({ id }) => id)]),
    );
    return { ...host.plugins[0]!, contributes, fromManifest: false };
  } finally {
    await host.dispose();
  }
}
