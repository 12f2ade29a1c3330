import type { OptionSchema } from '@limbeck/core';
import { configJsonSchema, schemaAsJson } from '@limbeck/core/host';

/** A key a configuration may have. */
export interface ConfigKey {
  /** `*` is any index of a list. */
  readonly path: string;
  /** What it takes. */
  readonly type: string;
  readonly required: boolean;
  /** As JSON; absent where there is none. */
  readonly default?: string;
  readonly meaning: string;
}

/** The parts of a JSON Schema that are read here. */
interface Node {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

/** Every key of a configuration, read off its schema. */
export const configKeys = (): ConfigKey[] => keysOf(configJsonSchema() as Node, '');

/** Every option of a contribution, where its schema's library tells. */
export function optionKeys({ options }: { readonly options?: OptionSchema<unknown> }): ConfigKey[] {
  const schema = options && schemaAsJson(options);
  return schema === undefined ? [] : keysOf(schema as Node, '');
}

function keysOf(node: Node, path: string): ConfigKey[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const own: ConfigKey = {
      path: at,
      type: typeOf(child),
      required: node.required?.includes(name) ?? false,
      ...(isTelling(child.default) ? { default: JSON.stringify(child.default) } : {}),
      meaning: child.description ?? '',
    };
    const below = alternatives(child).flatMap((one) => keysOf(one, at));
    const elements =
      child.items === undefined ? [] : alternatives(child.items).flatMap((one) => keysOf(one, `${at}.*`));
    return [own, ...below, ...elements];
  });
}

/** A node and everything it may be instead. */
const alternatives = (node: Node): Node[] => [node, ...(node.anyOf ?? []).flatMap(alternatives)];

/** An empty object only means that the defaults of its keys count. */
const isTelling = (value: unknown): boolean =>
  value !== undefined &&
  !(typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0);

function typeOf({ type, enum: choices, minimum, exclusiveMinimum, anyOf }: Node): string {
  if (choices !== undefined) return choices.join(', ');
  if (anyOf !== undefined) return [...new Set(anyOf.map(typeOf))].join(' or ');
  const bound =
    exclusiveMinimum === undefined
      ? minimum === undefined
        ? ''
        : `, at least ${minimum}`
      : `, above ${exclusiveMinimum}`;
  const nouns: Readonly<Record<string, string>> = {
    integer: 'whole number',
    string: 'text',
    boolean: 'true or false',
    array: 'list',
  };
  return `${nouns[type ?? ''] ?? type ?? 'id or object'}${bound}`;
}

/** The keys as a table in Markdown. */
export function configKeysTable(): string {
  const rows = configKeys().map(({ path, type, required, default: value, meaning }) => {
    const fallback = required ? 'required' : value === undefined ? '' : `\`${value}\``;
    return `| \`${path}\` | ${type} | ${fallback} | ${meaning.replaceAll('|', '\\|')} |`;
  });
  return ['| key | takes | default | meaning |', '|---|---|---|---|', ...rows, ''].join('\n');
}
