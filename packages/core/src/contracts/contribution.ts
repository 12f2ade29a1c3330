import type { StandardSchemaV1 } from '@standard-schema/spec';

/** Validates and completes options: zod, valibot, arktype or anything else that speaks Standard Schema. */
export type OptionSchema<Options> = StandardSchemaV1<unknown, Options>;

/** A contribution by its id, with its options beside `use`. */
export type UseObject = { readonly use: string } & Readonly<Record<string, unknown>>;

/** How a configuration names a contribution: its id, or its id with options. */
export type Use = string | UseObject;
