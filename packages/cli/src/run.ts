import type { Io } from './io.js';
import { buildProgram } from './program.js';

/**
 * Runs one command line and returns the exit status: 0 done, 1 the run failed, 2 the command line or the configuration
 * is at fault, 130 interrupted. Nothing is thrown; failures are printed.
 *
 * @param argv the arguments behind the program's name
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const flags = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined);
  try {
    return await runCommand(argv, io);
  } catch (error) {
    const { reportError } = await import('./errors/report.js');
    return reportError(error, io, { debug: flags.includes('--debug'), json: flags.includes('--json') });
  }
}

async function runCommand(argv: readonly string[], io: Io): Promise<number> {
  const status = { code: 0 };
  const program = buildProgram(io, (code) => {
    status.code = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status.code;
  } catch (error) {
    if (!isCommanderError(error)) throw error;
    if (error.exitCode === 0) return 0; // help or version, which are printed already
    const { usageError } = await import('./errors/usage.js');
    throw usageError(error.code, error.message);
  }
}

/** What commander throws instead of ending the process. */
interface CommanderFailure extends Error {
  readonly code: string;
  readonly exitCode: number;
}

const isCommanderError = (error: unknown): error is CommanderFailure =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
