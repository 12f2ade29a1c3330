import type { ProfileEntry } from '@limbeck/core';
import { percent } from './numbers.js';
import { table } from './table.js';

/** Rows of a table of times. */
const shown = 15;

/** Where the time of a program goes: by operation, by place, and by operation at its place; the longest first. */
export function printProfile(name: string, entries: readonly ProfileEntry[]): string {
  const total = entries.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const by = (head: string, key: (entry: ProfileEntry) => string) => section(head, entries, key, total);
  return [
    `${name}: ${total.toFixed(1)} ms a step in operations\n`,
    by('operation', ({ operation }) => operation),
    by('scope', ({ scope }) => (scope === '' ? '-' : scope)),
  ].join('\n');
}

function section(
  head: string,
  entries: readonly ProfileEntry[],
  key: (entry: ProfileEntry) => string,
  total: number,
): string {
  const sums = new Map<string, { ms: number; count: number }>();
  for (const entry of entries) {
    const { ms, count } = sums.get(key(entry)) ?? { ms: 0, count: 0 };
    sums.set(key(entry), { ms: ms + entry.milliseconds, count: count + entry.count });
  }
  const rows = [...sums].sort(([, a], [, b]) => b.ms - a.ms);
  const rest = rows.slice(shown).reduce((sum, [, { ms }]) => sum + ms, 0);
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
      ...rows.slice(0, shown).map(([name, { ms, count }]) => line(name, ms, String(count))),
      ...(rest > 0 ? [line(`${rows.length - shown} more`, rest, '')] : []),
    ],
  );
}
