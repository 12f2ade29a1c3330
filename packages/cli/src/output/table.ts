import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';

/** Lines of columns, without a frame: reads well in a terminal, in a file and in a pipe. */
export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right' | undefined;
}

const gap = '  ';
const plain = /^[ -~]*$/;

/** Columns of the terminal that a text takes, colours left out. */
function widthOf(text: string): number {
  if (plain.test(text)) return text.length;
  const bare = stripVTControlCharacters(text);
  return plain.test(bare) ? bare.length : stringWidth(bare);
}

/** Lays out rows under their columns; ends with a new line. It takes time in proportion to the number of cells. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const heads = columns.map(({ head }) => head);
  const lines = [heads, ...rows].flatMap(broken);
  const measured = lines.map((cells) => columns.map((_, i) => widthOf(cells[i] ?? '')));
  const widths = columns.map((_, i) => measured.reduce((most, sizes) => Math.max(most, sizes[i]!), 0));
  const laid = lines.map((cells, row) =>
    columns
      .map(({ align }, i) => {
        const cell = cells[i] ?? '';
        const space = ' '.repeat(widths[i]! - measured[row]![i]!);
        return align === 'right' ? `${space}${cell}` : `${cell}${space}`;
      })
      .join(gap)
      .trimEnd(),
  );
  return `${laid.filter((line) => line !== '').join('\n')}\n`;
}

/** A row as lines: a cell may hold several. */
function broken(row: readonly string[]): readonly (readonly string[])[] {
  if (!row.some((cell) => cell.includes('\n'))) return [row];
  const cells = row.map((cell) => cell.split('\n'));
  const height = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) => cells.map((parts) => parts[line] ?? ''));
}
