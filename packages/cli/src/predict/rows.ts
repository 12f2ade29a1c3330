import path from 'node:path';
import type { Prediction } from '@limbeck/compose';
import { LimbeckError } from '@limbeck/core';

/** How predictions are written: a header, and lines for each picture. */
export interface RowFormat {
  readonly header: string;
  line(prediction: Prediction): string;
}

const digits = (probability: number): string => probability.toFixed(6);

/** A field of a table, in quotes where it holds what separates fields (RFC 4180). */
const field = (separator: string) => (text: string) =>
  text.includes(separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** @param top classes of each picture: `label` and `probability`, then `label2` and `probability2` */
function table(separator: string, top: number): RowFormat {
  const quoted = field(separator);
  const names = Array.from({ length: top }, (_, i) => (i === 0 ? '' : String(i + 1)));
  const columns = ['path', ...names.flatMap((n) => [`label${n}`, `probability${n}`])];
  return {
    header: `${columns.join(separator)}\n`,
    line: (prediction) => {
      const values = prediction.top.flatMap(({ label, probability }) => [label, digits(probability)]);
      return `${[prediction.path, ...values].map(quoted).join(separator)}\n`;
    },
  };
}

/** One JSON object a line, of the form that `--json` prints. */
const jsonLines: RowFormat = {
  header: '',
  line: ({ path: picture, top }) => {
    const classes = top.map(({ probability, ...one }) => ({
      ...one,
      probability: Number(digits(probability)),
    }));
    return `${JSON.stringify({ path: picture, ...classes[0], top: classes })}\n`;
  },
};

/**
 * The format that a file's ending names; CSV where there is no file.
 *
 * @throws LimbeckError USAGE for another ending
 */
export function rowFormat(file: string | undefined, top: number): RowFormat {
  const ending = file === undefined ? '.csv' : path.extname(file).toLowerCase();
  if (ending === '.csv') return table(',', top);
  if (ending === '.tsv') return table('\t', top);
  if (ending === '.jsonl' || ending === '.ndjson') return jsonLines;
  throw new LimbeckError('USAGE', `predictions cannot be written as '${ending || file}'`, {
    hint: 'end the name of the file in .csv, .tsv or .jsonl',
  });
}
