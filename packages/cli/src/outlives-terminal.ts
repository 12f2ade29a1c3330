import { readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/** What Linux tells of the process; elsewhere, nothing. */
export interface ProcessFacts {
  /** What a stream is open to: `/dev/null`, `/home/me/nohup.out`. */
  linkOf(descriptor: number): string | undefined;
  /** Flags of a stream, as `open` takes them. */
  flagsOf(descriptor: number): number | undefined;
  /** Whether the process that started this one ignores SIGHUP. */
  readonly parentIgnores: boolean;
}

/** The access mode within the flags of a stream, and the mode that only writes. */
const accessMode = 3;
const writeOnly = 1;

/**
 * Whether the process was started by `nohup`, so that it goes on when its terminal is closed. Node resets what `nohup` sets before any
 * of our code runs; its other marks tell: the shell's note of the command, standard input that cannot be read, `nohup.out`, a parent that
 * ignores the signal.
 */
export function outlivesTerminal(
  env: Readonly<Record<string, string | undefined>>,
  facts: ProcessFacts = factsOfLinux(),
): boolean {
  if (path.basename(env._ ?? '') === 'nohup' || facts.parentIgnores) return true;
  if (path.basename(facts.linkOf(1) ?? '') === 'nohup.out') return true;
  const flags = facts.flagsOf(0);
  return facts.linkOf(0) === '/dev/null' && flags !== undefined && (flags & accessMode) === writeOnly;
}

function factsOfLinux(): ProcessFacts {
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch {
      return undefined;
    }
  };
  const field = (file: string, pattern: RegExp) =>
    attempt(() => pattern.exec(readFileSync(file, 'utf8'))?.[1]);
  const ignored = field(`/proc/${process.ppid}/status`, /^SigIgn:\s*([\da-f]+)/m);
  return {
    linkOf: (descriptor) => attempt(() => readlinkSync(`/proc/self/fd/${descriptor}`)),
    flagsOf(descriptor) {
      const flags = field(`/proc/self/fdinfo/${descriptor}`, /^flags:\s*([0-7]+)/m);
      return flags === undefined ? undefined : Number.parseInt(flags, 8);
    },
    // SIGHUP is the first signal
    parentIgnores: ignored !== undefined && (BigInt(`0x${ignored}`) & 1n) === 1n,
  };
}
