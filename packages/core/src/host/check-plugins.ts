import satisfies from 'semver/functions/satisfies.js';
import validRange from 'semver/ranges/valid.js';
import { isPlugin, type Plugin, pluginApi } from '../contracts/plugin.js';
import { didYouMean } from '../suggest.js';
import { checkOptions } from './options.js';
import { type CheckedPlugin, type PluginEntry, type PluginFailure, pluginsError } from './plugin-entry.js';

/**
 * Checks every plugin before any is set up, and completes their options.
 *
 * @throws LimbeckError PLUGIN_INVALID with everything that is wrong with all of them
 */
export async function checkPlugins(
  entries: readonly PluginEntry[],
  coreVersion: string,
): Promise<CheckedPlugin[]> {
  const failures: PluginFailure[] = [];
  const checked: CheckedPlugin[] = [];
  const origins = new Map<string, string>();
  const names = entries.flatMap(({ plugin }) => (isPlugin(plugin) ? [plugin.name] : []));
  for (const { plugin, options, origin, version } of entries) {
    const name = nameOf(plugin, origin);
    const fail = (problem: string) => {
      failures.push({ name, origin, version, problem });
    };
    const malformed = malformation(plugin);
    if (malformed !== undefined || !isPlugin(plugin)) {
      fail(malformed ?? 'is not a plugin');
      continue;
    }
    const first = origins.get(name);
    if (first !== undefined) fail(`is listed twice (already from ${first}); list it once`);
    else origins.set(name, origin);
    for (const problem of incompatibilities(plugin, coreVersion, names)) fail(problem);
    const result = await pluginOptions(plugin, options);
    if ('problems' in result) for (const problem of result.problems) fail(problem);
    else
      checked.push({
        plugin,
        options: result.value,
        name,
        origin,
        version,
      });
  }
  if (failures.length === 0) return checked;
  throw pluginsError('PLUGIN_INVALID', 'plugins that cannot be used', failures, {
    hint: 'correct `plugins` in the configuration, or install versions that fit each other',
  });
}

function nameOf(plugin: unknown, origin: string): string {
  return isPlugin(plugin) && typeof plugin.name === 'string' && plugin.name !== '' ? plugin.name : origin;
}

/** Why a value is no plugin at all. */
function malformation(value: unknown): string | undefined {
  if (!isPlugin(value)) return `is not a plugin but ${found(value)}; plugins are made by definePlugin`;
  if (typeof value.name !== 'string' || value.name === '') return 'has no name';
  if (typeof value.setup !== 'function') return 'has no setup function';
  const listed: unknown = value.requires ?? [];
  const named = Array.isArray(listed) && listed.every((name) => typeof name === 'string');
  if (!named) return '`requires` is not a list of plugin names';
  return value.options === undefined || hasSchema(value) ? undefined : '`options` is not a Standard Schema';
}

function found(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value === 'function')
    return `a function${value.name ? ` named ${value.name}` : ''}: call it first`;
  if (typeof value !== 'object') return `a ${typeof value}`;
  if ('default' in value && isPlugin(value.default)) return 'a module: take its default export';
  const keys = Object.keys(value).slice(0, 5);
  return `an object${keys.length > 0 ? ` with ${keys.join(', ')}` : ' without keys'}`;
}

/** True where `options` is absent or speaks Standard Schema. */
export function hasSchema(value: { readonly options?: unknown }): boolean {
  const schema = value.options;
  // schemas of some libraries are functions
  const holder = typeof schema === 'object' || typeof schema === 'function' ? schema : null;
  const standard: unknown = holder && '~standard' in holder ? holder['~standard'] : undefined;
  return typeof standard === 'object' && standard !== null && 'validate' in standard;
}

function incompatibilities(plugin: Plugin, coreVersion: string, names: readonly string[]): string[] {
  const problems: string[] = [];
  if (plugin.api !== pluginApi) {
    problems.push(`is written for plugin contract ${String(plugin.api)}, this core speaks ${pluginApi}`);
  }
  if (plugin.core !== undefined) {
    if (validRange(plugin.core) === null) {
      problems.push(`\`core\` is ${JSON.stringify(plugin.core)}, not a version range`);
    } else if (!satisfies(coreVersion, plugin.core, { includePrerelease: true })) {
      problems.push(`needs @limbeck/core ${plugin.core}, this is ${coreVersion}`);
    }
  }
  for (const needed of plugin.requires ?? []) {
    if (names.includes(needed)) continue;
    const near = didYouMean(needed, names);
    problems.push(`requires plugin '${needed}', which is not listed${near ? ` - ${near}` : ''}`);
  }
  return problems;
}

async function pluginOptions(plugin: Plugin, options: unknown = {}) {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    return { problems: [`options are ${JSON.stringify(options)}, expected an object`] };
  }
  const given = options as Readonly<Record<string, unknown>>;
  try {
    return await checkOptions(plugin.options, given);
  } catch (error) {
    return {
      problems: [`its option schema threw: ${error instanceof Error ? error.message : String(error)}`],
    };
  }
}
