import type { ConfigChoice } from '../config/open-config.js';
import type { Io } from '../io.js';
import { colorsFor } from '../output/color.js';
import { count, duration, plural } from '../output/numbers.js';
import { print, printJson } from '../output/print.js';
import { printProfile } from '../output/profile.js';
import { table } from '../output/table.js';
import { surroundings, work } from '../worker/work.js';

export interface BenchOptions extends ConfigChoice {
  /** Measured steps. */
  readonly steps: number;
  readonly profile?: boolean;
  readonly json?: boolean;
}

/** `limbeck bench [CONFIG]`: how long the steps of a run take here, and what in them. */
export async function bench(io: Io, { json, ...choice }: BenchOptions): Promise<void> {
  const { config, set, steps, profile = false } = choice;
  const request = { ...surroundings(io), config, set, steps, profile };
  const result = await work(io, 'bench', request, (message) => {
    if (message.type === 'note' && !json) io.stderr.write(`${message.text}\n`);
  });
  if (json) {
    printJson(io, result);
    return;
  }
  const { bold, dim } = colorsFor(io.env, io.stdout);
  const { programs, dataMs, stepMs, imagesPerSecond, batchSize, compileSeconds } = result;
  print(
    io,
    table(
      [{ head: 'program' }, { head: 'backend' }, { head: 'ms a step', align: 'right' }],
      [
        ['data', '', dataMs.toFixed(1)],
        ...programs.map(({ name, backend, ms }) => [name, backend, ms.toFixed(1)]),
      ],
    ).trimEnd(),
    `${bold(`${stepMs.toFixed(1)} ms a step`)}, ${count(imagesPerSecond)} images/s ${dim(`(medians of ${plural(result.steps, 'step')} of ${plural(batchSize, 'image')})`)}`,
    `compiled in ${duration(compileSeconds)}`,
  );
  for (const one of programs) {
    if (one.profile !== undefined) print(io, '', printProfile(one.name, one.profile).trimEnd());
    else if (one.noProfile !== undefined) print(io, '', ...explained(one.noProfile));
  }
}

const explained = ({ reason, hint }: { readonly reason: string; readonly hint?: string }): string[] => [
  reason,
  ...(hint === undefined ? [] : [`hint: ${hint}`]),
];
