import { Container, ContainerModule } from 'inversify';
import type { Disposer } from '../contracts/plugin.js';
import { refuseDuplicateCores } from '../registration.js';
import { type Logger, silentLogger } from '../services/logger.js';
import { tokens } from '../services/tokens.js';
import { coreVersion as ownVersion } from '../version.js';
import { catalogOf, infoOf, type Settled, settle } from './catalog.js';
import { checkPlugins } from './check-plugins.js';
import { type Claim, collector } from './collect.js';
import { type Host, hostOf } from './host.js';
import { type CheckedPlugin, type PluginEntry, type PluginFailure, pluginsError } from './plugin-entry.js';

/** What {@link createHost} makes a host from. */
export interface HostOptions {
  readonly plugins: readonly PluginEntry[];
  /** The version plugins are checked against. Default: this core's own. */
  readonly coreVersion?: string;
  /** Default: a logger that says nothing. */
  readonly services?: { readonly logger?: Logger };
}

interface OpenPlugin {
  readonly plugin: CheckedPlugin;
  readonly dispose: Disposer;
}

/**
 * Sets up plugins and gathers what they contribute. Plugins are checked, all of them, before the first is set up; they are
 * set up in the order given. Where anything fails, what was opened is closed again.
 *
 * @throws LimbeckError DUPLICATE_CORE, PLUGIN_INVALID, PLUGIN_CONFLICT
 */
export async function createHost({
  plugins: entries,
  coreVersion = ownVersion,
  services: { logger = silentLogger } = {},
}: HostOptions): Promise<Host> {
  refuseDuplicateCores();
  const plugins = await checkPlugins(entries, coreVersion);
  const opened: OpenPlugin[] = [];
  try {
    const settled = settle(await setUp(plugins, opened));
    const container = new Container();
    container.bind(tokens.logger).toConstantValue(logger);
    const modules = plugins.map((plugin) => moduleOf(settled.filter(({ claim }) => claim.plugin === plugin)));
    container.load(...modules);
    const catalog = catalogOf(settled);
    const host = hostOf({
      container,
      catalog,
      coreVersion,
      plugins: Object.freeze(plugins.map(infoOf)),
      async dispose() {
        await disposeAll(opened);
        await container.unbindAllAsync();
      },
    });
    container.bind(tokens.host).toConstantValue(host);
    return host;
  } catch (error) {
    await disposeAll(opened).catch((also: unknown) => {
      logger.warn(
        `closing plugins after a failure failed too: ${also instanceof Error ? also.message : also}`,
      );
    });
    throw error;
  }
}

/** Runs every setup; what they open is recorded in `opened` as it happens. */
async function setUp(plugins: readonly CheckedPlugin[], opened: OpenPlugin[]): Promise<Claim[]> {
  const claims: Claim[] = [];
  const failures: PluginFailure[] = [];
  for (const plugin of plugins) {
    const collected = collector(plugin);
    let dispose: unknown;
    try {
      dispose = await plugin.plugin.setup(collected.host, plugin.options);
    } catch (error) {
      const problem = `its setup failed: ${error instanceof Error ? error.message : String(error)}`;
      throw pluginsError('PLUGIN_INVALID', 'a plugin cannot be used', [{ ...infoOf(plugin), problem }], {
        cause: error,
      });
    } finally {
      collected.close();
    }
    if (typeof dispose === 'function') opened.push({ plugin, dispose: dispose as Disposer });
    claims.push(...collected.claims);
    failures.push(...collected.problems.map((problem) => ({ ...infoOf(plugin), problem })));
  }
  if (failures.length === 0) return claims;
  throw pluginsError('PLUGIN_INVALID', 'plugins contribute what cannot be used', failures);
}

/** A plugin's part of the container: its contributions under their kind's token, named by id. */
function moduleOf(settled: readonly Settled[]): ContainerModule {
  return new ContainerModule(({ bind }) => {
    for (const { claim } of settled) {
      const { kind, id, made } = claim;
      const binding = bind<unknown>(tokens[kind] as symbol);
      if ('make' in made) binding.to(made.make).inSingletonScope().whenNamed(id);
      else binding.toConstantValue(made.value).whenNamed(id);
    }
  });
}

async function disposeAll(opened: OpenPlugin[]): Promise<void> {
  const errors: unknown[] = [];
  for (const { plugin, dispose } of opened.splice(0).reverse()) {
    try {
      await dispose();
    } catch (error) {
      const problem = `its disposer failed: ${error instanceof Error ? error.message : String(error)}`;
      errors.push(
        pluginsError('PLUGIN_INVALID', 'a plugin could not be closed', [{ ...infoOf(plugin), problem }], {
          cause: error,
        }),
      );
    }
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} plugins could not be closed`);
}
