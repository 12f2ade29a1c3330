import { Worker } from 'node:worker_threads';
import { isLimbeckError } from '@limbeck/core';
import { compareProgramsOn } from './differential.js';
import type { Tally } from './fuzz.js';
import { type FuzzOptions, readOptions } from './options.js';
import { hangs, type Progress } from './progress.js';
import { subjects } from './subjects.js';

const known = subjects().map(({ name }) => name);

const usage = `Feeds damaged and made-up files to every parser of untrusted bytes.

  npm run fuzz -- [--cases 1000000] [--seed N] [--only "pth pickle"]
  npm run fuzz -- --large            large files, whose memory is measured
  npm run fuzz -- --commands 200     whole runs of the command on what is damaged or made up

The seed of a failure gives the same cases again: --seed N --only SUBJECT --cases 1000.
With --programs, random programs of tensors are compared with the reference interpreter instead, on every backend or on one:

  npm run fuzz -- --programs 100000 [--backend onnx-cpu] [--seed N]

Every subject gets its share of the cases. Subjects: ${known.join(', ')}
`;

/** How often the worker is looked at, in milliseconds: a round takes a second or two. */
const looking = 5000;

type Message = { type: 'begin'; subject: string; seed: number } | ({ type: 'tally'; seed: number } & Tally);

/** Programs of one round, after which something is said. */
const programsOfRound = 500;

/** @returns whether every program agreed on every backend */
async function compare(
  { programs, targets }: NonNullable<FuzzOptions['differential']>,
  seed: number,
): Promise<boolean> {
  let well = true;
  for (const target of targets) {
    for (let done = 0; done < programs; done += programsOfRound) {
      const round = { programs: Math.min(programsOfRound, programs - done), seed: (seed + done) | 0 };
      const { counts, settled, failure } = await compareProgramsOn(target, round);
      const { agreed, refused } = counts;
      process.stdout.write(
        `${target}, seed ${round.seed}: ${agreed} agreed, ${refused} refused, ${Math.round(100 * settled)} % of the elements are settled\n`,
      );
      if (failure === undefined) continue;
      well = false;
      process.stdout.write(`\n${failure}\n\n`);
    }
  }
  return well;
}

/** Does what was asked for; says whether all went well. */
async function tried(options: FuzzOptions): Promise<boolean> {
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  if (options.large) return (await import('./large/large.js')).tryLargeFiles(say);
  const { commands, differential, seed } = options;
  if (differential !== undefined) return compare(differential, seed);
  if (commands === undefined) return run(options);
  return (await import('./commands/commands.js')).tryCommands({ commands, seed }, say);
}

/** @returns whether every case went well */
async function run(options: FuzzOptions): Promise<boolean> {
  const { cases, seed, names } = options;
  process.stdout.write(`${cases} cases, seed ${seed}\n`);
  const totals = new Map<string, { cases: number; read: number }>();
  const failures: string[] = [];
  const started = performance.now();
  let current = 'nothing';
  let shown = started;
  const count = () => [...totals.values()].reduce((sum, total) => sum + total.cases, 0);
  const pace = () => Math.round((1000 * count()) / (performance.now() - started));
  // parsers run in a worker: one that hangs or takes all memory is noticed from outside
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: options,
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  await new Promise<void>((resolve) => {
    const stop = (what: string) => {
      failures.push(`${current}: ${what}`);
      void worker.terminate();
    };
    let messages = 0;
    const progress = (): Progress => {
      const { user, system } = process.cpuUsage();
      return { mark: String(messages), cpu: (user + system) / 1e6, time: performance.now() / 1000 };
    };
    let last = progress();
    const watch = setInterval(() => {
      const now = progress();
      if (hangs(last, now)) stop('it hangs');
      if (now.mark !== last.mark) last = now;
    }, looking);
    worker.on('message', (message: Message) => {
      messages++;
      if (message.type === 'begin') {
        current = `${message.subject}, seed ${message.seed}`;
        return;
      }
      const total = totals.get(message.subject) ?? { cases: 0, read: 0 };
      totals.set(message.subject, { cases: total.cases + message.cases, read: total.read + message.read });
      if (message.failure !== undefined) failures.push(`${current}:\n${message.failure}`);
      if (performance.now() - shown < 10_000) return;
      shown = performance.now();
      process.stdout.write(`${count()} cases, ${pace()} a second, ${failures.length} failures\n`);
    });
    worker.on('error', (error) => stop(error.message));
    worker.on('exit', () => {
      clearInterval(watch);
      resolve();
    });
  });
  for (const [subject, { cases: ran, read }] of totals) {
    process.stdout.write(`${subject.padEnd(20)} ${String(ran).padStart(8)} cases, ${read} read\n`);
  }
  const missed = names.filter((name) => !totals.has(name));
  if (missed.length > 0) process.stdout.write(`not reached: ${missed.join(', ')}\n`);
  process.stdout.write(
    `${count()} cases in ${Math.round((performance.now() - started) / 1000)} s, ${pace()} a second\n`,
  );
  for (const failure of failures) process.stdout.write(`\n${failure}\n`);
  process.stdout.write(`${failures.length} failures\n`);
  return failures.length === 0 && count() > 0;
}

try {
  const options = readOptions(process.argv.slice(2), known);
  if (options === 'help') process.stdout.write(usage);
  else process.exitCode = (await tried(options)) ? 0 : 1;
} catch (error) {
  if (!isLimbeckError(error)) throw error;
  const hint = error.hint === undefined ? '' : `\n  ${error.hint}`;
  process.stderr.write(`error[${error.code}]: ${error.message}${hint}\n`);
  process.exitCode = error.exitCode;
}
