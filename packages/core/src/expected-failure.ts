import { isLimbeckError } from './errors.js';

/** What a program says of a failure that was to be expected. */
export interface ExpectedFailure {
  /** `error[CODE]: message`, and the hint on a line of its own. */
  readonly text: string;
  readonly exitCode: number;
}

/**
 * For small programs: what to print of a failure, and the status to end with. Wrong options of `parseArgs` are to be expected, too.
 *
 * @returns undefined for a fault of the program, whose stack should be seen
 */
export function expectedFailure(thrown: unknown): ExpectedFailure | undefined {
  if (isLimbeckError(thrown)) {
    const hint = thrown.hint === undefined ? '' : `\n  ${thrown.hint}`;
    return { text: `error[${thrown.code}]: ${thrown.message}${hint}`, exitCode: thrown.exitCode };
  }
  const code = thrown instanceof TypeError ? (thrown as { code?: string }).code : undefined;
  if (code === undefined) return undefined;
  return { text: `error[${code}]: ${(thrown as Error).message}`, exitCode: 2 };
}
