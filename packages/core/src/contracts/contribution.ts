import type { StandardSchemaV1 } from '@standard-schema/spec';

/** Validates and completes options: zod, valibot, arktype or anything else that speaks Standard Schema. */
export type OptionSchema<Options> = StandardSchemaV1<unknown, Options>;

/**
 * A contribution as the host stores it: its options are checked against its own schema before any of its functions
 * sees them, so that the host can hold contributions of many option types in one list.
 */
export type Configured<Contribution> = Contribution;

/** How a configuration names a contribution: its id, or its id with options. */
export type Use = string | ({ readonly use: string } & Readonly<Record<string, unknown>>);
