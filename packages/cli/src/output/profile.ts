import type { ProfileEntry } from '@limbeck/core/backend';
import { percent } from './numbers.js';
import { table } from './table.js';

/** Rows of a table of times. */
const shown = 15;

/** How a table calls the entries that it puts together; undefined for one that it leaves out. */
type Key = (entry: ProfileEntry) => string | undefined;

/**
 * Where the time of a program goes, the longest first: by operation; then by place in the program, or where the runtime does not
 * know places, by what the operations computed on.
 */
export function printProfile(name: string, entries: readonly ProfileEntry[]): string {
  const total = sum(entries);
  const inOperations = sum(entries.filter(({ count }) => count > 0));
  const what =
    inOperations < total
      ? `${ms(total)} ms a step while profiled, ${ms(inOperations)} of them in operations`
      : `${ms(total)} ms a step in operations`;
  const by = (head: string, key: Key) => section(head, entries, key, total);
  const knowsPlaces = entries.some(({ scope }) => scope !== '');
  return [
    `${name}: ${what}\n`,
    by('operation', ({ operation }) => operation),
    knowsPlaces ? by('scope', place) : by('operation and shape', withShape),
  ].join('\n');
}

const ms = (value: number): string => value.toFixed(1);

const sum = (entries: readonly ProfileEntry[]): number =>
  entries.reduce((total, { milliseconds }) => total + milliseconds, 0);

const place: Key = ({ scope, operation, count }) => (count === 0 ? operation : scope || '-');

const withShape: Key = ({ operation, shape, implementation }) =>
  shape === undefined ? undefined : [operation, shape, implementation].filter(Boolean).join('  ');

function section(head: string, entries: readonly ProfileEntry[], key: Key, total: number): string {
  const sums = new Map<string, { ms: number; count: number }>();
  for (const entry of entries) {
    const name = key(entry);
    if (name === undefined) continue;
    const { ms, count } = sums.get(name) ?? { ms: 0, count: 0 };
    sums.set(name, { ms: ms + entry.milliseconds, count: count + entry.count });
  }
  const rows = [...sums].sort(([, a], [, b]) => b.ms - a.ms);
  const rest = rows.slice(shown).reduce((all, [, { ms }]) => all + ms, 0);
  const line = (name: string, ms: number, count: string) => [
    ms.toFixed(2),
    percent(total === 0 ? 0 : ms / total),
    count,
    name,
  ];
  return table(
    [
      { head: 'ms', align: 'right' },
      { head: 'share', align: 'right' },
      { head: 'count', align: 'right' },
      { head },
    ],
    [
      ...rows.slice(0, shown).map(([name, { ms, count }]) => line(name, ms, often(count))),
      ...(rest > 0 ? [line(`${rows.length - shown} more`, rest, '')] : []),
    ],
  );
}

/** How often in a step; nothing where it is no operation. */
const often = (count: number): string => (count === 0 ? '' : String(Number(count.toFixed(1))));
