import { parseArgs } from 'node:util';
import { LimbeckError } from '@limbeck/core';

/** What is tried. */
export interface FuzzOptions {
  readonly cases: number;
  readonly seed: number;
  /** Names of the subjects, in the order they take turns. */
  readonly names: readonly string[];
}

const whole = (option: string, text: string, least: number): number => {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new LimbeckError('USAGE', `${option}: '${text}' is no whole number from ${least} on`);
};

/**
 * @param known names of all subjects
 * @throws LimbeckError USAGE
 */
export function readOptions(args: readonly string[], known: readonly string[]): FuzzOptions | 'help' {
  const { values } = parse(args);
  if (values.help) return 'help';
  if (values.only !== undefined && !known.includes(values.only)) {
    throw new LimbeckError('USAGE', `there is no subject '${values.only}'`, {
      hint: `the subjects are ${known.join(', ')}`,
    });
  }
  return {
    cases: whole('--cases', values.cases, 1),
    seed: whole('--seed', values.seed, 0),
    names: values.only === undefined ? known : [values.only],
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        cases: { type: 'string', default: '1000000' },
        seed: { type: 'string', default: String(Date.now() % 1_000_000) },
        only: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (cause) {
    throw new LimbeckError('USAGE', (cause as Error).message, { hint: 'see --help', cause });
  }
}
