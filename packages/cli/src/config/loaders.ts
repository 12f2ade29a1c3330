import path from 'node:path';
import { LimbeckError } from '@limbeck/core';
import { refuseOversized } from '@limbeck/core/host';
import type { Loader } from 'cosmiconfig';
import { type Document, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { yamlExcess } from './bounded-yaml.js';
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
  const excess = yamlExcess(content);
  if (excess !== undefined) throw invalid(file, `it ${excess}`, smaller);
  const lines = new LineCounter();
  // the parser's own check of keys compares each with all others
  const document = parseDocument(content, { prettyErrors: true, uniqueKeys: false, lineCounter: lines });
  const twice = repeatedKey(document, lines);
  if (twice !== undefined) {
    throw invalid(`${file}:${twice.at}`, `the key '${twice.key}' occurs twice`, 'take one of them out');
  }
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

const smaller = 'a configuration names data, it does not hold them';

/** The first key that a map has twice, and where. */
function repeatedKey(document: Document, lines: LineCounter): { key: string; at: string } | undefined {
  let found: { key: string; at: string } | undefined;
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        const value = isScalar(key) ? key.value : undefined;
        if (!isScalar(key) || !seen.has(value)) {
          seen.add(isScalar(key) ? value : key);
          continue;
        }
        const { line, col } = lines.linePos(key.range?.[0] ?? 0);
        found = { key: String(value), at: `${line}:${col}` };
        return visit.BREAK;
      }
      return undefined;
    },
  });
  return found;
}

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
  // editors of some systems begin a file with a byte order mark
  const text = withoutMark(content);
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // the other reader tells line and column of most faults
    yaml(file, text);
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

/** Text without the byte order mark it may begin with. */
export const withoutMark = (text: string): string => text.replace(/^\uFEFF/, '');

/** Refuses what the search for configurations would act upon by itself. */
function checked(file: string, value: unknown): unknown {
  refuseOversized(value, file);
  if (typeof value === 'object' && value !== null && '$import' in value) {
    throw invalid(file, "the key '$import' is not allowed", "name what this starts from under 'extends'");
  }
  return value;
}
