import type { ProfileEntry } from '@limbeck/core/backend';
import Table from 'cli-table3';
import type { Report } from './protocol.js';

/**
 * The report as a table, with everyone's speed as a multiple of PyTorch's eager float32 where it took part: of the
 * whole step, and of the student's part.
 */
export function printReport({ workload, rows }: Report): string {
  const baseline = rows.find(({ variant }) => variant === 'eager float32') ?? rows[0]!;
  const table = new Table({
    head: [
      'implementation',
      'variant',
      'teacher ms',
      'student ms',
      'step ms',
      'images/s',
      'peak MB',
      'step',
      'student',
    ],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([
      row.implementation,
      row.variant,
      row.teacherMs.toFixed(0),
      row.studentMs.toFixed(0),
      row.stepMs.toFixed(0),
      row.imagesPerSecond.toFixed(0),
      row.peakRssMb.toFixed(0),
      // a student alone is no whole step
      row.teacherMs > 0 ? (baseline.stepMs / row.stepMs).toFixed(2) : '',
      (baseline.studentMs / row.studentMs).toFixed(2),
    ]);
  }
  const { implementation, variant } = baseline;
  return `${workload}; step, student: speed where ${implementation} ${variant} is 1\n${table.toString()}\n`;
}

/** What a step of each of our variants costs more than one of another workload that took turns with it. */
export function printCost({ workload, rows }: Report, other: string): string {
  const lines = rows.flatMap((row) => {
    const bare = rows.find(({ variant }) => variant === `${row.variant}, ${other}`);
    if (bare === undefined) return [];
    const more = (100 * (row.stepMs - bare.stepMs)) / bare.stepMs;
    return [`${row.variant}: a step of ${workload} costs ${more.toFixed(1)} % more than one of ${other}\n`];
  });
  return lines.join('');
}

/** Time by operation, then by place, of each program. */
export function printProfile(
  profile: Readonly<Record<string, readonly ProfileEntry[]>>,
  compileSeconds: number,
): string {
  const parts = [`traced, lowered and loaded in ${compileSeconds.toFixed(2)} s\n`];
  for (const [program, entries] of Object.entries(profile)) {
    const total = entries.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    parts.push(`\n${program}: ${total.toFixed(1)} ms a step\n`);
    parts.push(section(entries, ({ operation }) => operation, total));
    parts.push(
      section(entries, ({ operation, scope, shape }) => `${operation} @ ${scope || (shape ?? '-')}`, total),
    );
  }
  return parts.join('');
}

function section(
  entries: readonly ProfileEntry[],
  key: (entry: ProfileEntry) => string,
  total: number,
): string {
  const sums = new Map<string, number>();
  for (const entry of entries) sums.set(key(entry), (sums.get(key(entry)) ?? 0) + entry.milliseconds);
  const lines = [...sums]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 15)
    .map(
      ([name, ms]) =>
        `  ${ms.toFixed(2).padStart(8)} ms ${((100 * ms) / total).toFixed(1).padStart(5)} %  ${name}\n`,
    );
  return `${lines.join('')}\n`;
}
