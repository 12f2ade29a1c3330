import {
  type ConfigLayer,
  type ConfigResolution,
  createHost,
  type Host,
  parseSet,
  type ResolvedConfig,
  resolveConfig,
} from '@limbeck/core/host';
import { standardPlugins } from '../standard/plugins.js';
import { anchorPaths } from './anchor-paths.js';
import { hasConfig, loadConfig } from './load-config.js';
import { loadPlugins } from './load-plugins.js';

/** Which configuration, and what the command line changes about it. */
export interface ConfigChoice {
  /** Path of the file; left out, it is looked for. */
  readonly config?: string;
  /** Values of `--set`. */
  readonly set?: readonly string[];
}

/** A configuration that is complete and checked. */
export interface OpenedConfig extends ConfigResolution {
  /** The file it was read from, absolute. */
  readonly file: string;
  /** The file it was first read from: for a run's record, where that came from. */
  readonly origin: string;
  /** Everything the command line changed about what stands in {@link origin}. */
  readonly set: readonly string[];
  /** Folders its plugins are looked for in. */
  readonly folders: readonly string[];
  /** Everything it was made of, `--set` last. */
  readonly layers: readonly ConfigLayer[];
}

/** Reads a configuration and fills in its defaults. */
export async function openConfig({ config, set = [] }: ConfigChoice, cwd: string): Promise<OpenedConfig> {
  const { file, layers: read, folders } = await loadConfig(config, cwd);
  const layers = [...read, ...changesOf(set, cwd)];
  return { ...resolveConfig(layers), file, origin: file, set, folders, layers };
}

/** What the command line changes about a configuration; its paths start where the command runs. */
const changesOf = (set: readonly string[], cwd: string): ConfigLayer[] =>
  set.map(parseSet).map((layer) => ({ ...layer, value: anchorPaths(layer.value, cwd) }));

/** An opened configuration with further changes; its files are not read again. */
export function changed<T extends OpenedConfig>(opened: T, set: readonly string[], cwd: string): T {
  if (set.length === 0) return opened;
  const layers = [...opened.layers, ...changesOf(set, cwd)];
  return { ...opened, ...resolveConfig(layers), layers, set: [...opened.set, ...set] };
}

/** A host of the standard plugins and those the configuration lists. */
export async function openHost(opened?: Pick<OpenedConfig, 'config' | 'file' | 'folders'>): Promise<Host> {
  const standard = await standardPlugins();
  const listed = opened === undefined ? [] : await loadPlugins(opened.config.plugins, opened);
  return createHost({ plugins: [...standard, ...listed] });
}

/**
 * The host for commands that make sense without a configuration: with its plugins where one is named or found, the
 * standard ones otherwise.
 */
export async function openHostHere(
  config: string | undefined,
  cwd: string,
): Promise<{ host: Host; configured?: ResolvedConfig; file?: string }> {
  if (config === undefined && !(await hasConfig(cwd))) return { host: await openHost() };
  const opened = await openConfig({ config }, cwd);
  return { host: await openHost(opened), configured: opened.config, file: opened.file };
}
