import { readdirSync, readFileSync } from 'node:fs';
import type { RecipePublished, RecipeReports } from '@limbeck/core';

/** A value and where it was read; for a choice of ours the reason. */
export type Told = readonly [value: unknown, source: string, from?: 'inferred' | 'ours'];

/** Values by the key of the protocol; `null` where the row has none though others have. */
export type ToldProtocol = Readonly<Record<string, Told | null>>;

/** A row of a paper's table, as the files of `data/` hold it. Accuracies are top-1 in percent. */
export interface Row {
  /** Id of the data set. */
  readonly data: string;
  readonly teacher: string;
  readonly student: string;
  readonly variant?: string;
  /** False where the method cannot be used on the pair. */
  readonly applicable?: boolean;
  /** What the row says itself; the rest is in `shared`. */
  readonly protocol?: ToldProtocol;
  readonly reports?: RecipeReports;
  readonly reportsSource?: string;
  readonly published?: RecipePublished;
  readonly teacherTop1?: number;
  readonly studentTop1?: number;
  readonly notes?: readonly string[];
}

/** One file of `data/`: the rows of a method. */
export interface MethodRows {
  /** As published. */
  readonly method: string;
  readonly cite?: string;
  /** What most rows say, by data set, or `data@variant`. */
  readonly shared?: Readonly<Record<string, ToldProtocol>>;
  readonly rows: readonly Row[];
}

const folder = new URL('../data/', import.meta.url);

/** Every file of `data/`, by method in alphabetical order. */
export function readRows(): MethodRows[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as MethodRows);
}

/** All that is told of a row's protocol. */
export function toldOf({ shared = {} }: MethodRows, row: Row): Map<string, Told> {
  const block = shared[row.variant === undefined ? row.data : `${row.data}@${row.variant}`];
  const told = Object.entries({ ...block, ...row.protocol });
  return new Map(told.filter((entry): entry is [string, Told] => entry[1] !== null));
}
