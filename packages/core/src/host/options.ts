import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import { LimbeckError } from '../errors.js';
import { didYouMean } from '../suggest.js';

/** Options that a schema completed, or what is wrong with them, a phrase each. */
export type CheckedOptions =
  | { readonly value: unknown }
  | { readonly problems: readonly string[]; readonly unknownKeys: readonly string[] };

/** The parts of a JSON Schema that name keys. */
interface ObjectShape {
  readonly properties?: Readonly<Record<string, ObjectShape>>;
  readonly items?: ObjectShape;
  readonly additionalProperties?: unknown;
}

/**
 * Checks options against a schema of any library. Keys the schema does not know are refused even where the library would
 * drop them (zod's plain `z.object`), since an option that nobody reads is a mistake; an open schema
 * (`z.looseObject`) takes any.
 *
 * @param schema without one, no options are known
 * @param otherKeys keys that mean something beside the options, offered as suggestions only
 */
export function checkOptions(
  schema: StandardSchemaV1 | undefined,
  options: Readonly<Record<string, unknown>>,
  otherKeys: readonly string[] = [],
): CheckedOptions | Promise<CheckedOptions> {
  const shape: ObjectShape | undefined = schema ? shapeOf(schema) : { properties: {} };
  const strangers = shape ? strangersTo(shape, options) : [];
  if (!schema) return strangers.length > 0 ? refusal([], strangers, shape, otherKeys) : { value: undefined };
  const read = (result: StandardSchemaV1.Result<unknown>): CheckedOptions => {
    if (!result.issues && strangers.length === 0) return { value: result.value };
    return refusal(result.issues ?? [], strangers, shape, otherKeys);
  };
  const result = schema['~standard'].validate(options);
  return result instanceof Promise ? result.then(read) : read(result);
}

/** Keys at the top that a schema neither names nor allows. */
function strangersTo(shape: ObjectShape, options: Readonly<Record<string, unknown>>): string[] {
  const open = shape.additionalProperties !== undefined && shape.additionalProperties !== false;
  if (!shape.properties || open) return [];
  return Object.keys(options).filter((name) => !Object.hasOwn(shape.properties!, name));
}

/** What a schema knows, where its library tells. */
const shapeOf = (schema: StandardSchemaV1): ObjectShape | undefined => schemaAsJson(schema);

/** A schema as JSON Schema, where its library tells (Standard JSON Schema); zod 4.2 and later do. */
export function schemaAsJson(schema: StandardSchemaV1): Readonly<Record<string, unknown>> | undefined {
  const standard = schema['~standard'] as Partial<StandardJSONSchemaV1.Props>;
  try {
    return standard.jsonSchema?.input({
      target: 'draft-2020-12',
      libraryOptions: { unrepresentable: 'any' }, // zod: only the keys matter here, not what they may hold
    });
  } catch {
    return undefined; // no JSON form of this schema: its own messages must do
  }
}

function refusal(
  issues: readonly StandardSchemaV1.Issue[],
  strangers: readonly string[],
  shape: ObjectShape | undefined,
  otherKeys: readonly string[],
): CheckedOptions {
  const unknownKeys = [...strangers];
  const problems = strangers.map((name) => unknownKey(name, [], shape, otherKeys));
  for (const issue of issues) {
    const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
    const keys = (issue as { readonly keys?: unknown }).keys; // zod names them; the standard does not
    if (!Array.isArray(keys)) {
      problems.push(path.length > 0 ? `${path.join('.')}: ${issue.message}` : issue.message);
      continue;
    }
    for (const name of keys.map(String)) {
      const full = [...path, name].join('.');
      if (unknownKeys.includes(full)) continue;
      unknownKeys.push(full);
      problems.push(unknownKey(name, path, shape, path.length === 0 ? otherKeys : []));
    }
  }
  return { problems, unknownKeys };
}

function unknownKey(
  name: string,
  path: readonly string[],
  shape: ObjectShape | undefined,
  otherKeys: readonly string[],
): string {
  const at = path.reduce<ObjectShape | undefined>(
    (inner, part) => inner?.properties?.[part] ?? (/^\d+$/.test(part) ? inner?.items : undefined),
    shape,
  );
  const known = Object.keys(at?.properties ?? {});
  const near = didYouMean(name, [...known, ...otherKeys]);
  const list = known.length > 0 ? `; known: ${known.join(', ')}` : at ? '; it takes none' : '';
  return `no option '${[...path, name].join('.')}'${near ? ` - ${near}` : ''}${list}`;
}

/** Whose options they are, for messages. */
interface Subject {
  /** `backbone 'resnet8' (@limbeck/backbone-resnet)`. */
  readonly what: string;
  /** Path in the configuration. */
  readonly path?: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/**
 * The options, where nothing is wrong with them.
 *
 * @throws LimbeckError UNKNOWN_OPTION or CONFIG_INVALID with all that is wrong, PLUGIN_INVALID where the schema is asynchronous
 */
export function acceptedOptions(
  checked: CheckedOptions | Promise<CheckedOptions>,
  { what, path, details }: Subject,
): unknown {
  if (checked instanceof Promise) {
    checked.catch(() => undefined); // nobody else listens to it
    throw new LimbeckError('PLUGIN_INVALID', `the option schema of ${what} is asynchronous`, {
      hint: 'options of contributions are checked while a graph is traced: use a schema without promises',
    });
  }
  if (!('problems' in checked)) return checked.value;
  const { problems, unknownKeys } = checked;
  throw new LimbeckError(
    unknownKeys.length > 0 ? 'UNKNOWN_OPTION' : 'CONFIG_INVALID',
    `${path === undefined ? '' : `${path}: `}options of ${what}: ${problems.join('; ')}`,
    { details: { ...details, path, unknownKeys, problems } },
  );
}
