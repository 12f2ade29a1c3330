import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { finish, outcome } from './command.js';
import { randomChoice, randomNumbers, writeProject } from './project.js';
import { trials } from './trials.js';

const usage = `Trains small random runs, disturbs them, and compares what comes out with runs that nobody disturbed, bit by bit.

  npm run soak -- [--minutes 10] [--seed N]

Runs are killed, asked to stop, moved, started four at once, on a disk that fills up, with nobody to read their output.
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(usage);
else process.exitCode = await soak(Number(values.minutes), Number(values.seed));

/** @returns the exit status */
async function soak(minutes: number, seed: number): Promise<number> {
  if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
    process.stderr.write(usage);
    return 2;
  }
  const started = performance.now();
  const isOver = () => performance.now() - started > 60_000 * minutes;
  process.stdout.write(`${minutes} minutes, seed ${seed}\n`);
  const tally = new Map([...trials().keys()].map((name) => [name, { runs: 0, failed: 0 }]));
  const failures: string[] = [];
  for (let round = 0; !isOver(); round++) {
    const random = randomNumbers(seed + round);
    const choice = randomChoice(random);
    const root = mkdtempSync(join(tmpdir(), 'limbeck-soak-'));
    try {
      const plain = writeProject(join(root, 'plain'), choice);
      const begun = performance.now();
      const { code, said } = await finish('run', plain);
      if (code !== 0) throw new Error(`the undisturbed run failed: ${said}`);
      const typical = performance.now() - begun;
      const expected = outcome(join(plain, 'run'));
      for (const [name, trial] of trials()) {
        if (isOver()) break;
        const count = tally.get(name)!;
        const cwd = writeProject(join(root, name.replaceAll(' ', '-')), choice);
        count.runs++;
        try {
          const folders = await trial({ cwd, random, typical });
          const other = folders.find((folder) => outcome(folder) !== expected);
          if (other !== undefined) throw new Error(`${other} came to other bits`);
        } catch (error) {
          count.failed++;
          failures.push(
            `${name}, seed ${seed + round}, ${JSON.stringify(choice)}: ${(error as Error).message}`,
          );
        }
      }
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }
  process.stdout.write(`\n${'what happened'.padEnd(16)} trials  failed\n`);
  for (const [name, { runs, failed }] of tally) {
    process.stdout.write(`${name.padEnd(16)} ${String(runs).padStart(6)}  ${String(failed).padStart(6)}\n`);
  }
  for (const failure of failures) process.stdout.write(`\n${failure}\n`);
  process.stdout.write(`${failures.length} failures\n`);
  return failures.length === 0 && [...tally.values()].some(({ runs }) => runs > 0) ? 0 : 1;
}
