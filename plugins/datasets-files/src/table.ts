import path from 'node:path';
import { readRegularFile } from '@limbeck/formats';
import { parse } from 'csv-parse/sync';
import { badData } from './failure.js';

/** A line of a table, by column. */
export interface TableRecord {
  readonly values: Readonly<Record<string, string>>;
  /** Counts from 1, the header included. */
  readonly line: number;
}

export interface Table {
  readonly header: readonly string[];
  readonly records: readonly TableRecord[];
}

/**
 * Reads a table with a header: values between commas (.csv) or tabs (.tsv), or an object a line (.jsonl).
 *
 * @throws LimbeckError BAD_DATA naming the file and the line
 */
export async function readTable(file: string): Promise<Table> {
  let text: string;
  try {
    text = (await readRegularFile(file)).toString('utf8');
  } catch (cause) {
    throw badData(
      file,
      `cannot be read: ${(cause as Error).message}`,
      'name a .csv, .tsv or .jsonl file with data.path',
    );
  }
  const kind = path.extname(file).toLowerCase();
  if (kind === '.jsonl' || kind === '.ndjson') return readLines(text, file);
  try {
    const rows: { record: Record<string, string>; info: { lines: number } }[] = parse(text, {
      columns: true,
      bom: true,
      info: true,
      skip_empty_lines: true,
      delimiter: kind === '.tsv' || kind === '.tab' ? '\t' : ',',
    });
    const header = rows.length > 0 ? Object.keys(rows[0]!.record) : [];
    return { header, records: rows.map(({ record, info }) => ({ values: record, line: info.lines })) };
  } catch (cause) {
    throw badData(
      file,
      `is no table: ${(cause as Error).message}`,
      'give every line as many values as the header has columns',
    );
  }
}

function readLines(text: string, file: string): Table {
  const header = new Set<string>();
  const records: TableRecord[] = [];
  text.split('\n').forEach((line, i) => {
    if (line.trim() === '') return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      throw badData(file, `line ${i + 1} is no JSON: ${(cause as Error).message}`, 'give one object a line');
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw badData(file, `line ${i + 1} is no object`, 'give one object a line');
    }
    const entries = Object.entries(value).map(
      ([key, own]) => [key, own === null ? '' : String(own)] as const,
    );
    for (const [key] of entries) header.add(key);
    records.push({ values: Object.fromEntries(entries), line: i + 1 });
  });
  return { header: [...header], records };
}
