import path from 'node:path';
import { LimbeckError } from '@limbeck/core';
import type { Loader } from 'cosmiconfig';
import { parseDocument } from 'yaml';
import { loadModule } from './module-loader.js';

/** Where a configuration is looked for, in this order, in every folder up to the one that holds package.json. */
export const searchPlaces = [
  'limbeck.config.ts',
  'limbeck.config.mts',
  'limbeck.config.js',
  'limbeck.config.mjs',
  'limbeck.config.json',
  'limbeck.config.yaml',
  'limbeck.config.yml',
  '.limbeckrc',
  '.limbeckrc.json',
  '.limbeckrc.yaml',
  'package.json',
];

const invalid = (file: string, message: string, hint: string, cause?: unknown) =>
  new LimbeckError('CONFIG_INVALID', `${file}: ${message}`, { hint, details: { file }, cause });

/** YAML; faults come with line and column. */
const yaml: Loader = (file, content) => {
  // the values must be plain: no custom tags, no merge keys that reach into other places, few aliases
  const document = parseDocument(content, { prettyErrors: true, uniqueKeys: true });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) {
    const [place] = fault.linePos ?? [];
    const at = place === undefined ? '' : `:${place.line}:${place.col}`;
    const message = fault.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '');
    throw invalid(
      `${file}${at}`,
      message,
      'correct the file; indentation is two spaces, lists start with a dash',
    );
  }
  return checked(
    file,
    toValue(file, () => document.toJS({ maxAliasCount: 100 })),
  );
};

function toValue(file: string, convert: () => unknown): unknown {
  try {
    return convert();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw invalid(file, message, 'write the values out instead of repeating them by alias', cause);
  }
}

const json: Loader = (file, content) => {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    // the other reader tells line and column of most faults
    yaml(file, content);
    const message = cause instanceof Error ? cause.message : String(cause);
    throw invalid(file, message, 'correct the file', cause);
  }
  const isManifest = path.basename(file) === 'package.json';
  checked(file, isManifest ? (value as { limbeck?: unknown } | null)?.limbeck : value);
  return value;
};

const code: Loader = async (file) => checked(file, await loadModule(file));

/** How a file of each kind is read. Only files with code in them run any. */
export const loaders: Readonly<Record<string, Loader>> = {
  '.ts': code,
  '.mts': code,
  '.js': code,
  '.mjs': code,
  '.json': json,
  '.yaml': yaml,
  '.yml': yaml,
  noExt: yaml,
};

/** Refuses what the search for configurations would act upon by itself. */
function checked(file: string, value: unknown): unknown {
  if (typeof value === 'object' && value !== null && '$import' in value) {
    throw invalid(file, "the key '$import' is not allowed", "name what this starts from under 'extends'");
  }
  return value;
}
