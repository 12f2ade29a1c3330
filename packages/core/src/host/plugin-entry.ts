import type { Plugin } from '../contracts/plugin.js';
import { type ErrorCode, LimbeckError } from '../errors.js';

/** A plugin as a configuration lists it. */
export interface PluginEntry {
  /** What `definePlugin` made; anything else is refused. */
  readonly plugin: unknown;
  readonly options?: unknown;
  /** The package, or the path of the file, it came from. */
  readonly origin: string;
  /** Version of that package, where it has one. */
  readonly version?: string;
}

/** A plugin a host runs. */
export interface PluginInfo {
  readonly name: string;
  readonly origin: string;
  readonly version?: string;
}

/** A plugin that passed every check, with its options completed by its own schema. */
export interface CheckedPlugin extends PluginInfo {
  readonly plugin: Plugin;
  readonly options: unknown;
}

/** Why a plugin cannot be used. */
export interface PluginFailure extends PluginInfo {
  readonly problem: string;
}

/** `@limbeck/distill-logit 0.1.0 (node_modules/@limbeck/distill-logit)`. */
export function describePlugin({ name, origin, version }: PluginInfo): string {
  const called = version === undefined ? name : `${name} ${version}`;
  return called === origin ? called : `${called} (${origin})`;
}

/** One error for everything that is wrong, a line each. */
export function pluginsError(
  code: ErrorCode,
  title: string,
  failures: readonly PluginFailure[],
  options: { readonly hint?: string; readonly cause?: unknown } = {},
): LimbeckError {
  const lines = failures.map((failure) => `${describePlugin(failure)}: ${failure.problem}`);
  const message = lines.length === 1 ? `${title}: ${lines[0]}` : `${title}:\n  ${lines.join('\n  ')}`;
  return new LimbeckError(code, message, {
    ...options,
    details: {
      failures: failures.map(({ name, origin, version, problem }) => ({ name, origin, version, problem })),
    },
  });
}
