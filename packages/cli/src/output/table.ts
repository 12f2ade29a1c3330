import Table from 'cli-table3';

/** Lines of columns, without a frame: reads well in a terminal, in a file and in a pipe. */
export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right';
}

const bare = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** Lays out rows under their columns; ends with a new line. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const laid = new Table({
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ align = 'left' }) => align),
    chars: bare,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  laid.push(...rows.map((row) => [...row]));
  const lines = laid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}
