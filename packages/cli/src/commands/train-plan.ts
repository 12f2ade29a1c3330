import type { RunEstimate } from '@limbeck/trainer';
import type { Io } from '../io.js';
import { bytes, clock, count, duration, plural } from '../output/numbers.js';
import { print, printJson } from '../output/print.js';
import { table } from '../output/table.js';
import type { PlanRequest } from '../worker/plan-task.js';
import { surroundings, work } from '../worker/work.js';

/** `limbeck train --plan`: what a run will take, before it is begun. */
export async function planTraining(
  io: Io,
  request: Pick<PlanRequest, 'config' | 'set' | 'out'>,
  { json }: { readonly json?: boolean | undefined },
): Promise<void> {
  const estimate = await work(io, 'plan', { ...surroundings(io), ...request }, (message) => {
    if (message.type === 'note' && !json) io.stderr.write(`${message.text}\n`);
  });
  if (json) printJson(io, estimate);
  else print(io, ...linesOf(estimate));
}

function linesOf({
  steps,
  stepsPerEpoch,
  epochs,
  evaluations,
  seconds,
  memory,
  disk,
}: RunEstimate): string[] {
  const { stepMs, dataMs, programs } = steps;
  const parts = [['data', dataMs] as const, ...programs.map(({ name, ms }) => [name, ms] as const)];
  const rows = [
    ['programs', duration(seconds.compile), ''],
    ...(seconds.caches > 0 ? [['caches of teachers', duration(seconds.caches), '']] : []),
    [
      'training',
      duration(seconds.train),
      `${plural(epochs, 'epoch')} of ${plural(stepsPerEpoch, 'step')} of ${stepMs.toFixed(1)} ms (${parts.map(([name, ms]) => `${name} ${ms.toFixed(1)}`).join(', ')})`,
    ],
    ['evaluation', duration(seconds.evaluate), plural(evaluations, 'time')],
  ];
  const needed = disk.run + disk.caches;
  return [
    table([{ head: 'part' }, { head: 'takes', align: 'right' }, { head: '' }], rows).trimEnd(),
    `time    ${clock(seconds.total)}, done about ${new Date(Date.now() + 1000 * seconds.total).toLocaleString('en-GB')}`,
    `memory  ${bytes(memory)} at most while this was measured`,
    `disk    ${bytes(disk.run)} for the run${disk.caches > 0 ? `, ${bytes(disk.caches)} for caches` : ''}; ${bytes(disk.free)} are free${needed > disk.free ? ': too little' : ''}`,
    `${count(steps.steps)} steps were measured; other work on the machine changes what they take`,
  ];
}
