import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type LargeFile, largeFiles } from './files.js';

const mebibyte = 1 << 20;
/** Sizes of files, in MB. */
const sizes = [5, 40, 160];
/** Memory that reading may take: a multiple of the file, and what the heap takes for files of any size. */
const most = { factor: 4, spare: 128 * mebibyte } as const;
const patience = 300_000;

interface Reading {
  readonly outcome: string;
  /** Bytes. */
  readonly peak: number;
}

/**
 * Reads large files of every format, sound ones and such as are made to take memory, each in a process of its own.
 *
 * @returns whether all went well
 */
export async function tryLargeFiles(say: (line: string) => void): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'limbeck-large-'));
  let failures = 0;
  try {
    const tiny = largeFiles[0]!;
    const base = (await read(tiny, 1024, folder)).peak;
    say(`a process that reads a kilobyte takes ${Math.round(base / mebibyte)} MiB`);
    say(`${'file'.padEnd(36)} ${'MB'.padStart(5)} ${'peak MiB'.padStart(9)} ${'times'.padStart(6)}`);
    for (const kind of largeFiles) {
      for (const size of sizes) {
        const bytes = size * 1_000_000;
        const { outcome, peak } = await read(kind, bytes, folder);
        const more = Math.max(0, peak - base);
        const fits = more <= most.factor * bytes + most.spare && (!kind.isSound || outcome === 'read');
        if (!fits) failures++;
        const figures = `${String(size).padStart(5)} ${String(Math.round(more / mebibyte)).padStart(9)} ${(more / bytes).toFixed(1).padStart(6)}`;
        say(
          `${kind.name.padEnd(36)} ${figures}  ${outcome === 'read' ? 'read' : 'refused'}${fits ? '' : `  FAILED: ${outcome}`}`,
        );
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  say(`${failures} failures`);
  return failures === 0;
}

async function read(kind: LargeFile, bytes: number, folder: string): Promise<Reading> {
  const file = join(folder, `large.${kind.ending}`);
  writeFileSync(file, kind.make(bytes));
  const script = fileURLToPath(new URL('./read.js', import.meta.url));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script, file], { timeout: patience });
    return JSON.parse(stdout) as Reading;
  } catch (error) {
    const { signal, message } = error as { signal?: string; message: string };
    return { outcome: `it ended by ${signal ?? message.slice(-500)}`, peak: Number.POSITIVE_INFINITY };
  } finally {
    rmSync(file, { force: true });
  }
}
