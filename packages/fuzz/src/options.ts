import { parseArgs } from 'node:util';
import { LimbeckError } from '@limbeck/core';
import { type ConformanceTarget, conformanceTargets } from '@limbeck/testkit';

/** What is tried. */
export interface FuzzOptions {
  readonly cases: number;
  readonly seed: number;
  /** Names of the subjects, in the order they take turns. */
  readonly names: readonly string[];
  /** Given where backends are compared on random programs instead: how many, and on which. */
  readonly differential?: { readonly programs: number; readonly targets: readonly ConformanceTarget[] };
  /** Large files are read instead, and their memory is measured. */
  readonly large: boolean;
  /** Whole runs of the command instead, so many. */
  readonly commands: number | undefined;
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
  const differential =
    values.programs === undefined
      ? {}
      : {
          differential: {
            programs: whole('--programs', values.programs, 1),
            targets: targetsOf(values.backend),
          },
        };
  return {
    ...differential,
    cases: whole('--cases', values.cases, 1),
    seed: whole('--seed', values.seed, 0),
    names: values.only === undefined ? known : [values.only],
    large: values.large,
    commands: values.commands === undefined ? undefined : whole('--commands', values.commands, 1),
  };
}

/** Backends that need no graphics processor. */
const usual: readonly ConformanceTarget[] = ['onnx-cpu', 'tfjs-session', 'tfjs-cpu', 'tfjs-wasm'];

function targetsOf(name: string | undefined): readonly ConformanceTarget[] {
  if (name === undefined) return usual;
  const found = conformanceTargets.find((target) => target === name);
  if (found !== undefined) return [found];
  throw new LimbeckError('USAGE', `there is no backend '${name}'`, {
    hint: `the backends are ${conformanceTargets.join(', ')}`,
  });
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        cases: { type: 'string', default: '1000000' },
        seed: { type: 'string', default: String(Date.now() % 1_000_000) },
        only: { type: 'string' },
        programs: { type: 'string' },
        backend: { type: 'string' },
        large: { type: 'boolean', default: false },
        commands: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (cause) {
    throw new LimbeckError('USAGE', (cause as Error).message, { hint: 'see --help', cause });
  }
}
